/** What is asked often must find its rows by an index, on either database. */
import { CompiledQuery, type KyselyPlugin, type RootOperationNode } from 'kysely'
import { expect, it } from 'vitest'
import { clipsOf } from './media.ts'
import { consentOf } from './consents.ts'
import { isPostgresDatabase, type Database } from './database.ts'
import { takeEarlyEchoes } from './early-echoes.ts'
import { countingEchoes, streamAt, takeEcho } from './echoes.ts'
import { editLog } from './edits.ts'
import { findGrant } from './grants.ts'
import { waitingEvents } from './inbox.ts'
import { maySpeak } from './said.ts'
import { takeMessage } from './outbox.ts'
import { findRecap, recapsOf } from './recaps.ts'
import { channelsOnSince, findShow, liveShow, liveStreams, showOfStream, streamsOf } from './shows.ts'
import { findSession } from './sessions.ts'
import { findUpload } from './uploads.ts'
import { votesOf } from './votes.ts'

const NOW = 1_000_000
const HOT: [name: string, ask: (db: Database) => Promise<unknown>][] = [
  ['the streams of a show', (db) => streamsOf(db, 's', NOW)],
  ['the stream at an instant', (db) => streamAt(db, 'c', NOW)],
  ['who is live', (db) => liveStreams(db)],
  ['the live show of a channel', (db) => liveShow(db, 'c')],
  ['who was on lately', (db) => channelsOnSince(db, NOW)],
  ['the show of a stream', (db) => showOfStream(db, 's')],
  ['a show', (db) => findShow(db, 's')],
  ['the echoes of a show', (db) => countingEchoes(db, 's')],
  ['taking an echo', (db) => takeEcho(db, echo, NOW)],
  ['early echoes', (db) => takeEarlyEchoes(db, 'c', NOW)],
  ['events that wait', (db) => waitingEvents(db, NOW)],
  ['the next message', (db) => takeMessage(db, ['mail'], NOW, 1)],
  ['what is agreed to', (db) => consentOf(db, 'c')],
  ['a channel’s clips', (db) => clipsOf(db, 'c')],
  ['the recaps of a channel', (db) => recapsOf(db, 'c')],
  ['a recap', (db) => findRecap(db, 'r')],
  ['an upload', (db) => findUpload(db, 'r')],
  ['the edits of a show', (db) => editLog(db, 's')],
  ['the votes of a show', (db) => votesOf(db, 's')],
  ['a grant', (db) => findGrant(db, 'c', 'twitch')],
  ['a session', (db) => findSession(db, 'h', NOW)],
  ['the right to speak', (db) => maySpeak(db, 'c', NOW)],
]
const echo = {
  channelId: 'c',
  person: { userId: 'u', login: 'u', displayName: 'U', roles: [] },
  source: 'chat' as const,
  sourceKey: 'k',
  askedAtMs: NOW,
  lengthMs: null,
  latencyMs: null,
  label: null,
}

export function plansContract(name: string, open: () => Promise<Database>): void {
  it(`on ${name}, what is asked often scans no table`, async () => {
    const db = await open()
    const asked: RootOperationNode[] = []
    const listening: KyselyPlugin = {
      transformQuery: ({ node }) => {
        asked.push(node)
        return node
      },
      transformResult: async ({ result }) => result,
    }
    const scans: string[] = []
    try {
      for (const [what, ask] of HOT) {
        asked.length = 0
        await ask(db.withPlugin(listening))
        expect(asked.length, what).toBeGreaterThan(0)
        for (const node of asked) {
          const executor = db.getExecutor()
          const { sql, parameters } = executor.compileQuery(node, { queryId: 'plan' })
          for (const line of await planOf(db, sql, parameters))
            if (/\bSCAN (?!.*USING)|Seq Scan on/.test(line)) scans.push(`${what}: ${line} (${sql})`)
        }
      }
      expect(scans).toEqual([])
    } finally {
      await db.destroy()
    }
  })
}

async function planOf(db: Database, sql: string, parameters: readonly unknown[]): Promise<string[]> {
  if (!isPostgresDatabase(db)) {
    const { rows } = await db.executeQuery<{ detail: string }>(
      CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]),
    )
    return rows.map((row) => row.detail)
  }
  return db.connection().execute(async (one) => {
    // Small tables are scanned because that is faster; what is asked here is whether they could be otherwise.
    await one.executeQuery(CompiledQuery.raw('set enable_seqscan = off'))
    const { rows } = await one.executeQuery<{ 'QUERY PLAN': string }>(
      CompiledQuery.raw(`explain ${sql}`, [...parameters]),
    )
    await one.executeQuery(CompiledQuery.raw('set enable_seqscan = on'))
    return rows.map((row) => row['QUERY PLAN'])
  })
}
