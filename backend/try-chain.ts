/** The test echo: tries each link of the chain for one channel, without a stream and without publishing anything. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TwitchPort, VodSource } from './jobs/context.ts'
import { renderRecap } from './media/render.ts'

export interface ChainOptions {
  twitch: Pick<TwitchPort, 'recentArchives'> & { say(channelId: string, text: string): Promise<void> }
  vods: VodSource
  eventsArrive(channelId: string): Promise<boolean | null>
  /** The connected YouTube channel's name, asked of YouTube. @throws */
  youtubeName(channelId: string): Promise<string>
}

const LINE = 'Echoes is here. This is a test: nothing is saved.'
const CUT_SEC = 10
/** From the middle, where there surely are pictures. */
const HALF = 0.5

/** @returns what each link said, as sentences */
export async function tryChain(options: ChainOptions, channelId: string): Promise<string[]> {
  const { twitch, vods, eventsArrive, youtubeName } = options
  const events = await eventsArrive(channelId)
  const chat = await twitch.say(channelId, LINE).then(
    () => 'Chat: the bot has just said a line in your chat.',
    () => 'Chat: the bot could not speak in your chat. Sign in again, so that Twitch lets it.',
  )
  const youtube = await youtubeName(channelId).then(
    (name) => `YouTube: recaps will go to “${name}”.`,
    () => 'YouTube: there is no access yet. Connect YouTube.',
  )
  return [
    events === null
      ? 'Events: Twitch could not be asked just now.'
      : events
        ? 'Events: Twitch tells us when you go live and when you end.'
        : 'Events: Twitch does not tell us yet. This mends itself within minutes.',
    chat,
    youtube,
    await recording(twitch, vods, channelId),
  ]
}

async function recording(
  twitch: ChainOptions['twitch'],
  vods: VodSource,
  channelId: string,
): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'echoes-try-'))
  try {
    const [vod] = await twitch.recentArchives(channelId)
    if (!vod)
      return 'Recording: you have none on Twitch yet. Check in Twitch’s settings that past broadcasts are stored; the first stream will show.'
    const startSec = Math.max(0, Math.floor((vod.durationMs / 1000) * HALF) - CUT_SEC)
    if (vods.around === 'costly')
      return 'Recording: there is one. It is not tried, since a clip of it would be public on your channel.'
    const span = { startSec, endSec: startSec + CUT_SEC }
    const { pieces } = await vods.bring({ vodId: vod.vodId, channelId }, [span], dir)
    const named = (pieces[0] ?? []).map((piece) => ({ ...piece, name: 'the test' }))
    const file = join(dir, 'test.mp4')
    const { durationSec } = await renderRecap({ pieces: named, file, stillsDir: dir })
    return `Recording: ${durationSec.toFixed(0)} seconds were cut out of your latest recording and looked at. They are right.`
  } catch (error) {
    return `Recording: it could not be cut (${error instanceof Error ? error.message : 'no reason given'}).`
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
