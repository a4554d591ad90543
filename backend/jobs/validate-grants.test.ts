/** Each hour Twitch is asked whether its tokens are still good; only its answer signs anybody out. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { Fault } from '../../shared/fault.ts'
import { saveChannel } from '../db/channels.ts'
import { openDatabase, type Database } from '../db/database.ts'
import { findGrant, grantRevoked, renewGrant, storeNewGrant } from '../db/grants.ts'
import { makeLog } from '../log.ts'
import { tokenBox } from '../token-box.ts'
import { reseal } from './reseal.ts'
import { validateGrants } from './validate-grants.ts'

const HOUR = 3_600_000
const log = makeLog('silent')
const grant = { channelId: 'c', provider: 'twitch', accountId: 'c', accountName: 'Clara' } as const
let db: Database
let now = 0
const clock = { now: () => now }

beforeEach(async () => {
  db = await openDatabase(join(mkdtempSync(join(tmpdir(), 'grants-')), 'echoes.sqlite'))
  onTestFinished(() => db.destroy())
  now = Date.UTC(2026, 10, 23)
  await saveChannel(db, { id: 'c', login: 'clara', displayName: 'Clara', email: null }, now)
  await storeNewGrant(db, { ...grant, scopes: [], tokens: 'sealed', state: 'ok' }, clock)
  now += 2 * HOUR
})

/** Rounds in which Twitch says this of the token, and of a new one. @returns how often it was asked */
async function rounds(count: number, ...answers: (boolean | null | Fault)[]): Promise<number> {
  let asked = 0
  for (let n = 0; n < count; n++)
    await validateGrants({
      db,
      clock,
      log,
      tokenOf: async (_userId, force) => (force ? 'renewed' : 'token'),
      isValid: async (token) => {
        asked++
        const answer = answers[token === 'token' ? 0 : 1]
        if (answer === undefined) throw new Error('nobody was to ask that')
        if (answer instanceof Fault) throw answer
        return answer
      },
    })
  return asked
}

const stateNow = async () => (await findGrant(db, 'c', 'twitch'))?.state

it('what Twitch finds good is not asked about again within the hour', async () => {
  expect(await rounds(3, true)).toBe(1)
  now += HOUR + 1
  expect(await rounds(1, true)).toBe(1)
})

it('where Twitch cannot be asked, it is asked again with the next round, and nobody is signed out', async () => {
  expect(await rounds(3, null)).toBe(3)
  expect(await rounds(2, false, new Fault('Twitch could not be reached', 'transient'))).toBe(4)
  expect(await stateNow()).toBe('ok')
})

it('a token that died by itself is renewed; where the new one is no good either, the grant is gone', async () => {
  expect(await rounds(1, false, true)).toBe(2)
  expect(await stateNow()).toBe('ok')
  now += HOUR + 1
  await rounds(1, false, false)
  expect(await stateNow()).toBe('needs_reauth')
})

it('a token that is renewed while keys are rotated is not lost', async () => {
  const purpose = 'grant:twitch:c'
  const [oldKey, newKey] = [1, 2].map((n) => `${n}:${Buffer.alloc(32, n).toString('base64')}`)
  const before = tokenBox(`${oldKey}`)
  const box = tokenBox(`${newKey},${oldKey}`)
  await storeNewGrant(
    db,
    { ...grant, scopes: [], tokens: await before.seal('old', purpose), state: 'ok' },
    clock,
  )
  let rotating: Promise<unknown> = Promise.resolve()
  await renewGrant(db, 'c', 'twitch', clock, async ({ scopes }) => {
    rotating = reseal({ db, clock, log, box })
    // Twitch takes a moment to answer.
    await new Promise((done) => setTimeout(done, 200))
    return { tokens: await before.seal('renewed', purpose), scopes, state: 'ok' }
  })
  await rotating
  const sealed = (await findGrant(db, 'c', 'twitch'))?.tokens ?? ''
  expect(await box.open(sealed, purpose)).toBe('renewed')
})

it('a grant that is lost while its tokens are sealed again stays lost', async () => {
  await renewGrant(db, 'c', 'twitch', clock, async () => {
    await grantRevoked(db, 'c', 'twitch', now)
    return { tokens: 'sealed again' }
  })
  expect(await findGrant(db, 'c', 'twitch')).toMatchObject({ state: 'needs_reauth', tokens: 'sealed again' })
})
