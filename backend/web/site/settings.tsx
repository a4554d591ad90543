/** The settings page, and what of it is not the channel's settings: editors, Stream Deck, notices, first and last clip. */
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { randomBytes } from 'node:crypto'
import { Hono, type Context } from 'hono'
import type { Clock } from '../../../shared/clock.ts'
import { kindOf } from '../../../shared/fault.ts'
import { LARGEST_CLIP_BYTES, LONGEST_CLIP_SEC } from '../../../shared/limits.ts'
import { bucketBody, deckBody, editorBody, hookBody, type SiteState } from '../../../shared/site.ts'
import { findChannel } from '../../db/channels.ts'
import type { Database } from '../../db/database.ts'
import { deckKeySince, removeDeckKey, saveDeckKey } from '../../db/deck-keys.ts'
import { addEditor, editorsOf, removeEditor } from '../../db/editors.ts'
import { hookPurpose, hooksOf, type Hook, removeHook, saveHook, type HookTarget } from '../../db/hooks.ts'
import { containerOf } from '../../media/safe-input.ts'
import { clipKey, clipsOf, mediaDeleted, recordMedia, type ClipPlace } from '../../db/media.ts'
import { addressProblem, type HookOptions } from '../../notify/hooks.ts'
import type { StorageKeys } from '../../storage/open.ts'
import { wakeMessages } from '../../db/outbox.ts'
import type { Storage } from '../../storage/storage.ts'
import type { TokenBox } from '../../token-box.ts'
import { hashOf, newSecret } from '../session.ts'
import { jsonOf, stop, type Gate } from './gate.ts'
import { Layout, toHtml } from './layout.tsx'
import { sendStored } from './send-file.ts'

export interface SettingsOptions {
  db: Database
  clock: Clock
  gate: Gate
  box: TokenBox
  storage: Storage
  siteUrl: string
  hooks: HookOptions
  longestKeepMs: number
  /** Whether Echoes costs something here. */
  billing: boolean
  /** Tries to write into a bucket. @returns why it does not work, as a sentence, or null */
  tryBucket(url: string, keys: StorageKeys): Promise<string | null>
  /** @throws where the disk has no room for so many bytes */
  expectRoom(bytes: number): Promise<void>
  usersByLogin(logins: string[]): Promise<{ userId: string; login: string }[]>
  /** How long a video plays, seconds. @throws when it is none */
  tryClip(file: string, longestSec: number): Promise<number>
}

export function settingsRoutes(options: SettingsOptions): Hono {
  const { db, clock, gate, box, storage, siteUrl } = options
  const app = new Hono()
  const fresh = { 'cache-control': 'no-store' }

  app.get('/settings', async (c) => {
    const { channelId } = await gate.streamer(c)
    const channel = await findChannel(db, channelId)
    return c.html(
      toHtml(
        <Layout
          title="Settings – Echoes"
          nav={{ channel: channel?.displayName ?? '', role: 'streamer' }}
          styles={['settings.css']}
          scripts={['settings.js']}
          bare
        >
          <div id="root">
            <p class="skeleton" role="status">
              Opening the settings …
            </p>
          </div>
        </Layout>,
      ),
    )
  })

  app.get('/settings/state', async (c) => {
    const { channelId } = await gate.streamer(c)
    return c.json(await stateOf(channelId), 200, fresh)
  })

  app.post('/settings/editors', async (c) => {
    const { channelId } = await gate.streamer(c)
    const { login, add } = await jsonOf(c, editorBody)
    const name = login.replace(/^@/, '').toLowerCase()
    if (add) {
      const [user] = await options
        .usersByLogin([name])
        .catch(() => stop(c, 409, 'Twitch could not be asked.'))
      if (!user) return stop(c, 422, `Nobody at Twitch is called ${name}.`)
      if (user.userId === channelId) return stop(c, 422, 'That is you.')
      await addEditor(db, channelId, user, clock.now())
    } else {
      const editor = (await editorsOf(db, channelId)).find((e) => e.login === name)
      if (editor) await removeEditor(db, channelId, editor.userId)
    }
    return c.json(await stateOf(channelId), 200, fresh)
  })

  app.post('/settings/hooks', async (c) => {
    const { channelId } = await gate.streamer(c)
    const { kind, url } = await jsonOf(c, hookBody)
    if (url === '') {
      await removeHook(db, channelId, kind)
      return c.json({ state: await stateOf(channelId), secret: null }, 200, fresh)
    }
    const problem = addressProblem(kind, url, options.hooks)
    if (problem) return stop(c, 422, problem)
    const secret = kind === 'webhook' ? `whsec_${randomBytes(24).toString('base64')}` : ''
    const target = await box.seal(
      JSON.stringify({ url, secret } satisfies HookTarget),
      hookPurpose(channelId, kind),
    )
    await saveHook(db, channelId, { kind, target }, clock.now())
    await wakeMessages(db, channelId, kind, clock.now())
    return c.json({ state: await stateOf(channelId), secret: secret || null }, 200, fresh)
  })

  app.post('/settings/bucket', async (c) => {
    const { channelId } = await gate.streamer(c)
    const { url, ...keys } = await jsonOf(c, bucketBody)
    if (url === '') {
      await removeHook(db, channelId, 'bucket')
      return c.json(await stateOf(channelId), 200, fresh)
    }
    const problem = await options.tryBucket(url, keys)
    if (problem) return stop(c, 422, problem)
    const secret: HookTarget = { url, secret: JSON.stringify(keys) }
    const target = await box.seal(JSON.stringify(secret), hookPurpose(channelId, 'bucket'))
    await saveHook(db, channelId, { kind: 'bucket', target }, clock.now())
    await wakeMessages(db, channelId, 'bucket', clock.now())
    return c.json(await stateOf(channelId), 200, fresh)
  })

  app.post('/settings/deck', async (c) => {
    const { channelId } = await gate.streamer(c)
    const { on } = await jsonOf(c, deckBody)
    const key = newSecret()
    if (on) await saveDeckKey(db, channelId, hashOf(key), clock.now())
    else await removeDeckKey(db, channelId)
    const at = (name: string, path: string) => ({ name, url: `${siteUrl}/deck/${key}/${path}` })
    const addresses = on
      ? [
          at('Echo', 'echo'),
          at('Echo 60 s, “clutch”', 'echo?s=60&label=clutch'),
          at('Start a long echo', 'start'),
          at('Stop it', 'stop'),
          at('Take the last one back', 'undo'),
          at('Everyone may echo', 'mode?to=everyone'),
          at('Only trusted people', 'mode?to=trusted'),
        ]
      : []
    return c.json({ state: await stateOf(channelId), addresses }, 200, fresh)
  })

  /** Channels of which a clip comes in at the moment: one at a time each, since trying one takes long. */
  const receiving = new Set<string>()

  app.put('/settings/clips/:place{intro|outro}', async (c) => {
    const { channelId } = await gate.streamer(c)
    if (receiving.has(channelId))
      return stop(c, 409, 'Another clip of yours is being checked. Please try again in a minute.')
    // Its type is none that a form could send from elsewhere.
    if (c.req.header('content-type') !== 'video/mp4') return stop(c, 415, 'Please choose an MP4 file.')
    const place = c.req.param('place') as ClipPlace
    const key = clipKey(channelId, place, newSecret().slice(0, 12))
    const file = storage.workDir(`work/uploads/${newSecret()}`)
    receiving.add(channelId)
    try {
      await options
        .expectRoom(Number(c.req.header('content-length') ?? LARGEST_CLIP_BYTES))
        .catch(() => stop(c, 409, 'There is no room for it at the moment. Please try again later.'))
      await mkdir(dirname(file), { recursive: true })
      await receive(c, file)
      if (containerOf(file) !== 'mov')
        return stop(c, 415, 'This is not an MP4 file. Please choose one that is.')
      const seconds = await options
        .tryClip(file, LONGEST_CLIP_SEC)
        .catch((error: unknown) =>
          kindOf(error) === 'transient'
            ? stop(c, 409, 'The video can’t be checked at the moment. Please try again in a minute.')
            : stop(
                c,
                422,
                'This video can’t be read. Please save it as an MP4 with H.264 and upload it again.',
              ),
        )
      if (!(seconds > 0 && seconds <= LONGEST_CLIP_SEC))
        return stop(
          c,
          422,
          `A clip may be ${LONGEST_CLIP_SEC} seconds long at most; this one has ${Math.round(seconds)}.`,
        )
      await storage.put(key, file)
    } finally {
      receiving.delete(channelId)
      await rm(file, { force: true })
    }
    await removeClips(channelId, place)
    await recordMedia(db, { key, channelId, kind: 'clip' }, clock.now())
    return c.json(await stateOf(channelId), 200, fresh)
  })

  app.delete('/settings/clips/:place{intro|outro}', async (c) => {
    const { channelId } = await gate.streamer(c)
    await removeClips(channelId, c.req.param('place') as ClipPlace)
    return c.json(await stateOf(channelId), 200, fresh)
  })

  app.get('/settings/clips/:place{intro|outro}', async (c) => {
    const { channelId } = await gate.streamer(c)
    const clip = (await clipsOf(db, channelId)).find((each) => each.place === c.req.param('place'))
    return clip ? sendStored(c, storage, clip.key, { type: 'video/mp4' }) : stop(c, 404, 'There is none.')
  })

  async function removeClips(channelId: string, place: ClipPlace) {
    for (const clip of (await clipsOf(db, channelId)).filter((each) => each.place === place)) {
      await storage.delete(clip.key)
      await mediaDeleted(db, clip.key, 'replaced or removed', clock.now())
    }
  }

  async function stateOf(channelId: string): Promise<SiteState> {
    const [channel, editors, deckSinceMs, hooks, clips] = await Promise.all([
      findChannel(db, channelId),
      editorsOf(db, channelId),
      deckKeySince(db, channelId),
      hooksOf(db, channelId),
      clipsOf(db, channelId),
    ])
    const urlOf = async ({ kind, target }: Hook) =>
      new URL((JSON.parse(await box.open(target, hookPurpose(channelId, kind))) as HookTarget).url)
    const shown = hooks.flatMap((hook) => {
      const { kind, failure } = hook
      return kind === 'bucket' ? [] : [urlOf(hook).then(({ host }) => ({ kind, host, failure }))]
    })
    const bucket = hooks.find((hook) => hook.kind === 'bucket')
    const place = bucket && (await urlOf(bucket))
    return {
      siteUrl,
      editors,
      deckSinceMs,
      hooks: await Promise.all(shown),
      bucket: place ? { place: place.host + place.pathname, failure: bucket?.failure ?? null } : null,
      clips: clips.map(({ place, key }) => ({
        place,
        url: `/settings/clips/${place}?${hashOf(key).slice(0, 8)}`,
      })),
      email: channel?.email ?? null,
      billing: options.billing,
      longestKeepMs: options.longestKeepMs,
    }
  }
  return app
}

async function receive(c: Context, file: string): Promise<void> {
  let bytes = 0
  const body = c.req.raw.body
  if (!body || Number(c.req.header('content-length') ?? 0) > LARGEST_CLIP_BYTES)
    return stop(c, 422, 'A clip may have 100 MB at most.')
  await pipeline(
    Readable.fromWeb(body as never),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        bytes += chunk.length
        if (bytes > LARGEST_CLIP_BYTES) stop(c, 422, 'A clip may have 100 MB at most.')
        yield chunk
      }
    },
    createWriteStream(file),
  )
}
