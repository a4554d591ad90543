/**
 * `npm run demo`: the main job from end to end, on loopback, with nothing to set up. A 20-minute stream of real footage
 * is played as a script (chat in three modes, a cool-down, a moderator, an approved viewer, two bots in one room),
 * ended, and followed until the recap is published and the mail is there.
 *
 *   --json  print the summary as one line of JSON, last        --stay  keep everything up and print the links
 */
import { positionText } from '../shared/time-text.ts'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setStanding } from '../backend/db/channels.ts'
import { openDatabase } from '../backend/db/database.ts'
import { commandOutcomes } from '../backend/db/echoes.ts'
import { recapsOf } from '../backend/db/recaps.ts'
import { momentTitle } from '../backend/domain/description.ts'
import { WANTED_EVENTS } from '../backend/jobs/reconcile.ts'
import { keptFootage } from './sandbox/footage/kept.ts'
import { freePort, startProcess, until, type EchoesProcess } from './sandbox/process.ts'
import { PEOPLE, startSandbox } from './sandbox/sandbox.ts'
import { connectYoutube, signIn, Visitor } from './sandbox/visitor.ts'

const { values: args } = parseArgs({
  options: { json: { type: 'boolean', default: false }, stay: { type: 'boolean', default: false } },
})
const MINUTES = 20
const dataDir = join(import.meta.dirname, '../.echoes/demo')
const began = Date.now()
const processes: EchoesProcess[] = []

/** The script: when in the stream, who, and what they write. Lines of one step may come in any order. */
const SCRIPT: { about: string; lines: [at: string, who: string, text: string][] }[] = [
  {
    about: 'mode "trusted": the streamer, a moderator and an approved viewer',
    lines: [
      ['2:10', PEOPLE.streamer, '!echo 30 the fall'],
      ['2:22', PEOPLE.moderator, '!echo 30'],
      ['5:00', PEOPLE.approved, '!echo 20'],
      ['5:10', 'vera', '!echo 30 me too'],
    ],
  },
  { about: 'inside the cool-down: as long is refused', lines: [['5:20', PEOPLE.approved, '!echo 20']] },
  {
    about: 'inside the cool-down: a longer one replaces',
    lines: [['5:30', PEOPLE.approved, '!echo 45 butterfly']],
  },
  { about: 'the streamer opens it for everyone', lines: [['8:00', PEOPLE.streamer, '!echo mode everyone']] },
  {
    about: 'mode "everyone": three viewers want the same moment',
    lines: [
      ['9:00', 'vera', '!echo 20 squirrels'],
      ['9:06', 'victor', '!ECHO 30'],
      ['9:11', 'vilma', '!echo 15 Squirrels'],
    ],
  },
  { about: 'only the streamer from here on', lines: [['13:00', PEOPLE.streamer, '!echo mode streamer']] },
  {
    about: 'mode "streamer": even the moderator is refused',
    lines: [
      ['14:00', PEOPLE.moderator, '!echo 30'],
      ['14:05', PEOPLE.streamer, '!echo 15 mine'],
    ],
  },
]

async function main(): Promise<void> {
  const footageDir = await keptFootage({ kind: 'film', minutes: MINUTES }, () =>
    say(`Making a VOD of ${MINUTES} minutes out of real footage (once; half a minute or so) …`),
  )
  rmSync(dataDir, { recursive: true, force: true })
  const sandbox = await startSandbox({ footageDir })
  const port = await freePort()
  const site = `http://127.0.0.1:${port}`
  const environment = sandbox.environment({ port, dataDir })
  processes.push(startProcess(environment))
  await until('Echoes answers', async () => (await fetch(`${site}/readyz`).catch(() => null))?.ok)
  processes.push(startProcess(environment, ['bot']))
  const { id: channelId } = sandbox.twitch.userOf(PEOPLE.streamer)

  say('The streamer signs in with Twitch, connects YouTube and agrees to publishing.')
  const visitor = new Visitor()
  await signIn(visitor, site, PEOPLE.streamer)
  await connectYoutube(visitor, site)
  await visitor.submit(`${site}/agreement`, { kind: 'auto_publish' })
  const db = await openDatabase(join(dataDir, 'echoes.sqlite'))
  const approved = sandbox.twitch.userOf(PEOPLE.approved)
  await setStanding(db, channelId, { userId: approved.id, login: approved.login }, 'approved', Date.now())
  await until('Twitch delivers events', () => sandbox.eventsub.delivers(channelId, WANTED_EVENTS))
  await until(
    'two bots are in the room',
    () => [...sandbox.chat.clients].filter((c) => c.rooms.has(PEOPLE.streamer)).length === 2,
  )

  const startedAtMs = Math.floor(Date.now() / 1000) * 1000 - MINUTES * 60_000
  const stream = sandbox.twitch.goLive(channelId, { startedAtMs, title: 'An afternoon with a rabbit' })
  await until('the stream is known', async () =>
    db.selectFrom('streams').select('id').where('id', '=', stream.id).executeTakeFirst(),
  )
  say(`Live for ${MINUTES} minutes, two bots in the room:`)
  let commands = 0
  for (const { about, lines } of SCRIPT) {
    say(`  ${about}`)
    for (const [at, who, text] of lines) {
      sandbox.twitch.say(channelId, who, text, startedAtMs + positionMs(at))
      console.log(`    ${at.padStart(5)}  ${who}: ${text}`)
    }
    commands += lines.length
    await until('the commands are dealt with', async () => {
      const outcomes = Object.entries(await commandOutcomes(db, channelId)).filter(
        ([outcome]) => outcome !== 'claimed',
      )
      return outcomes.reduce((sum, [, count]) => sum + count, 0) === commands
    })
  }
  const outcomes = await commandOutcomes(db, channelId)

  say('The stream ends.')
  sandbox.twitch.end(channelId)
  let step = ''
  await until('the recap is published and the mail is there', async () => {
    const [recap] = await recapsOf(db, channelId)
    if (recap && recap.step !== step) say(`  ${(step = recap.step)}`)
    if (recap?.state === 'failed') throw new Error(recap.failure ?? 'the recap failed')
    return recap?.state === 'published' && sandbox.mail.mails.length > 0
  })
  const [recap] = await recapsOf(db, channelId)
  const product = recap?.product
  if (!product) throw new Error('there is no recap')
  const recapPath = join(dataDir, 'storage', product.key)
  const [mail] = sandbox.mail.mails

  console.log('\nMoments in the recap:')
  for (const m of product.moments)
    console.log(
      `  ${positionText(m.atSec).padStart(5)}  ${positionText(m.durationSec)}  from ${positionText(m.runtimeMs / 1000)} of the stream  ${momentTitle(m)} (${m.people.join(', ')})`,
    )
  console.log(`Parts fetched:   ${product.partsFetched} of ${product.partsTotal} in the VOD`)
  console.log(
    `Cut and joined:  ${product.durationSec.toFixed(1)} s of video in ${product.cpuSec.toFixed(1)} s of CPU`,
  )
  console.log(`Recap:           ${recapPath}`)
  console.log(`\nMail to ${mail?.to}: ${mail?.subject}\n${(mail?.text ?? '').replace(/^/gm, '  ')}\n`)

  if (args.stay) {
    const [video] = sandbox.google.videos
    console.log(`Echoes:          ${site}/`)
    console.log(`The video:       ${sandbox.addresses.google}/watch/${video?.id}`)
    console.log('Everything stays up. Ctrl-C ends it.')
    await new Promise((resolve) => process.once('SIGINT', resolve))
  }
  await db.destroy()
  for (const process of processes) process.stop()
  await sandbox.close()
  if (args.json) {
    const refused = Object.entries(outcomes).filter(([o]) => !['accepted', 'mode'].includes(o))
    const summary = {
      recapPath,
      durationSec: product.durationSec,
      moments: product.moments.length,
      echoesAccepted: outcomes.accepted ?? 0,
      echoesRefused: refused.reduce((sum, [, count]) => sum + count, 0),
      partsFetched: product.partsFetched,
      partsTotal: product.partsTotal,
      uploads: sandbox.google.videos.length,
      mails: sandbox.mail.mails.length,
      wallSec: (Date.now() - began) / 1000,
    }
    console.log(JSON.stringify(summary))
  }
}

function say(line: string): void {
  console.log(`[${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s] ${line}`)
}

function positionMs(text: string): number {
  return text.split(':').reduce((sec, field) => sec * 60 + Number(field), 0) * 1000
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    for (const process of processes) process.stop()
    console.error(`The demo did not get through: ${error instanceof Error ? error.message : String(error)}`)
    process.exit(1)
  },
)
