/** How a recap gets to YouTube, or does not: each trouble as a streamer meets it. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import { describe, expect, it, vi } from 'vitest'
import { changeSettings } from '../backend/db/channels.ts'
import { decideRecap, noteTrouble, recapsOf, type Recap } from '../backend/db/recaps.ts'
import { grantRevoked } from '../backend/db/grants.ts'
import { findUpload } from '../backend/db/uploads.ts'
import type { ChannelSettings } from '../shared/settings.ts'
import type { DeskState } from '../shared/desk.ts'
import type { SiteState } from '../shared/site.ts'
import { decode } from '../scripts/sandbox/footage/decode.ts'
import { connectYoutube, type Visitor } from '../scripts/sandbox/visitor.ts'
import { liveStreamer, type Running } from './running.ts'

const MOMENTS: [number, string][] = [
  [33, '!echo 10 first'],
  [103, '!echo 15 second'],
]

interface Streamed {
  running: Running
  visitor: Visitor
  recap(): Promise<Recap>
  desk(recap?: Recap): Promise<DeskState>
  /** Until the recap is in this state. */
  reaches(state: Recap['state'], step?: RegExp): Promise<Recap>
  mails(): string[]
}

/** A stream with two moments, at whose end recaps go up by themselves. */
async function streamed(
  agree: 'upload' | 'auto_publish',
  settings: Partial<ChannelSettings> = {},
  before?: (running: Running, visitor: Visitor) => Promise<unknown> | unknown,
): Promise<Streamed> {
  const { running, visitor } = await liveStreamer({}, MOMENTS)
  const { site, sandbox, channelId, echoes } = running
  await changeSettings(echoes.db, channelId, settings, Date.now())
  await visitor.submit(`${site}/agreement`, { kind: agree })
  await before?.(running, visitor)
  sandbox.twitch.end(channelId)
  const recap = async () => {
    const found = (await recapsOf(echoes.db, channelId)).find((r) => r.longEchoId === null)
    if (!found) throw new Error('there is no recap yet')
    return found
  }
  return {
    running,
    visitor,
    recap,
    desk: async (of) =>
      (await visitor.ask<DeskState>(`${site}/recaps/${(of ?? (await recap())).id}/state`)).body,
    reaches: (state, step = /./) =>
      vi.waitFor(
        async () => {
          const now = await recap()
          expect(now.state, now.failure ?? now.step).toBe(state)
          expect(now.step).toMatch(step)
          return now
        },
        { timeout: 40_000, interval: 100 },
      ),
    mails: () => sandbox.mail.mails.map((m) => m.subject),
  }
}

describe('YouTube', () => {
  it('says no after all: the streamer is told why in words, and nothing counts as published', async () => {
    const { reaches, mails, running, visitor, desk } = await streamed('auto_publish', {}, ({ sandbox }) => {
      sandbox.google.faults.rejects = 'copyright'
    })
    const failed = await reaches('failed')
    expect(failed.failure).toBe('YouTube rejected it for copyright')
    await vi.waitFor(() => expect(mails()).toEqual(['Your recap could not be published']), 10_000)
    expect(running.sandbox.mail.mails[0]?.text).toContain('you can download it and upload it yourself')
    expect((await desk()).stage).toBe('failed')
    // Once more would be the same video, which YouTube has refused.
    const again = await visitor.ask<{ sentence: string }>(`${running.site}/recaps/${failed.id}/again`, {})
    expect([again.status, again.body.sentence]).toEqual([409, expect.stringContaining('refused it')])
  })

  it('refuses what has nothing to do with the video: that is ours to mend, and the recap waits for it', async () => {
    const { running, reaches } = await streamed('auto_publish', {}, ({ sandbox }) => {
      sandbox.google.faults.uploadStatuses.push(403)
    })
    await reaches('published')
    expect(running.sandbox.google.videos).toHaveLength(1)
  })

  it('makes it private because the account is set so: published, and mail and page say where it differs', async () => {
    const { reaches, running, visitor } = await streamed(
      'auto_publish',
      { privacy: 'unlisted' },
      ({ sandbox }) => {
        sandbox.google.faults.keptPrivate = true
      },
    )
    await reaches('published')
    await vi.waitFor(() => expect(running.sandbox.mail.mails).toHaveLength(1), 10_000)
    expect(running.sandbox.mail.mails[0]?.text).toContain(
      'YouTube made it private although unlisted was asked for',
    )
    expect((await visitor.get(running.site)).html).toContain('private, although unlisted was asked for')
  })

  it('is still at work: nothing is told before people can watch it', async () => {
    const { running, visitor, reaches, mails } = await streamed('auto_publish', {}, ({ sandbox }) => {
      sandbox.google.faults.processingMs = 3_600_000
    })
    const recap = await reaches('rendered', /YouTube works on it/)
    expect(mails()).toEqual([])
    // What is on its way is not changed any more.
    const late = { seen: 0, card: '', change: { words: { title: 'too late' } } }
    expect((await visitor.ask(`${running.site}/recaps/${recap.id}/edits`, late)).status).toBe(409)
    expect(running.sandbox.google.videos).toHaveLength(1)
    // Nobody could see it through on another channel.
    const other = () =>
      connectYoutube(visitor, running.site, undefined, { channel: 'UCsandboxother0000000000' })
    expect((await other()).html).toContain('Please choose “Sandbox Streamer” again: a recap is on its way')
    running.sandbox.google.faults.processingMs = 0
    await reaches('published')
    expect((await other()).html).not.toContain('Please choose')
    expect(await findUpload(running.echoes.db, recap.id)).toMatchObject({ state: 'live' })
    expect(running.sandbox.google.videos).toHaveLength(1)
  })

  it('does not list the video for a while after it has taken it: it is waited for, and not taken for gone', async () => {
    const { running, reaches } = await streamed('auto_publish', {}, ({ sandbox }) => {
      sandbox.google.faults.unlistedVideos = true
    })
    await reaches('rendered', /YouTube does not list the video/)
    running.sandbox.google.faults.unlistedVideos = false
    await reaches('published')
    expect(running.sandbox.google.videos).toHaveLength(1)
  })

  it('has not had the video for an hour: the streamer took it away, and is told so', async () => {
    const { running, reaches } = await streamed('auto_publish', {}, ({ sandbox }) => {
      sandbox.google.faults.unlistedVideos = true
    })
    const { id, trouble } = await reaches('rendered', /YouTube does not list the video/)
    const anHourAgo = Date.now() - 3_600_000
    await noteTrouble(running.echoes.db, id, { ...trouble, goneSinceMs: anHourAgo })
    expect((await reaches('failed')).failure).toContain('no longer, on the YouTube channel that is connected')
  })

  it('has no quota left: the recap is parked until midnight in California, and says so', async () => {
    const { reaches, desk } = await streamed('auto_publish', {}, ({ sandbox }) => {
      sandbox.google.faults.quotaUsedUp = true
    })
    const parked = await reaches('rendered', /waiting for YouTube’s quota, until 0[78]:00 UTC/)
    expect(parked.failure).toBeNull()
    expect(await desk()).toMatchObject({
      stage: 'waiting',
      doing: expect.stringMatching(/quota, until/) as string,
    })
  })

  it('has a limit of the channel’s own: the page says so, and until when; it is not our quota', async () => {
    const { running, visitor, reaches } = await streamed('auto_publish', {}, ({ sandbox }) => {
      sandbox.google.faults.channelLimit = true
    })
    await reaches('rendered', /YouTube takes no more videos on your channel today/)
    const home = (await visitor.get(running.site)).html
    expect(home).toContain('Going up')
    expect(home).toContain('takes no more videos on your channel today; it goes on at')
    expect(home).not.toContain('>Ready')
  })

  it('takes the access away while it works on the video: one mail, and it goes on once connected again', async () => {
    const { running, visitor, reaches, mails } = await streamed('auto_publish', {}, ({ sandbox }) => {
      sandbox.google.faults.processingMs = 3_600_000
    })
    const { site, sandbox } = running
    await reaches('rendered', /YouTube works on it/)
    sandbox.google.faults.grantRevoked = true
    sandbox.google.expireTokens()
    await reaches('rendered', /waiting for YouTube/)
    await vi.waitFor(
      () => expect(mails()).toEqual(['Connect YouTube, to see how your recap is doing']),
      10_000,
    )
    sandbox.google.faults.grantRevoked = false
    sandbox.google.faults.processingMs = 0
    await connectYoutube(visitor, site)
    await reaches('published')
    expect(sandbox.google.videos).toHaveLength(1)
    // The second access that is lost is told of, too: it is another one.
    expect(mails().filter((m) => m.startsWith('Connect YouTube'))).toHaveLength(1)
  })

  it('does not answer for a while after it has the video: nothing is refused, and it is seen through', async () => {
    const { running, reaches, mails } = await streamed('auto_publish', {}, ({ sandbox }) => {
      sandbox.google.faults.dataStatuses = Array.from({ length: 12 }, (_, n) => (n % 3 === 0 ? 403 : 503))
    })
    await reaches('published')
    expect(running.sandbox.google.videos).toHaveLength(1)
    await vi.waitFor(() => expect(mails()).toEqual([expect.stringContaining('is on YouTube')]), 10_000)
  })

  it('refuses a token that has just run out: it is renewed, and nobody has to connect again', async () => {
    const { running, reaches, mails } = await streamed('auto_publish', {}, ({ sandbox }) => {
      sandbox.google.faults.processingMs = 3_600_000
    })
    await reaches('rendered', /YouTube works on it/)
    running.sandbox.google.expireTokens()
    running.sandbox.google.faults.processingMs = 0
    await reaches('published')
    expect(mails().filter((m) => m.startsWith('Connect'))).toEqual([])
  })

  it('lets us in no more: one mail, and it goes on when the same channel is connected again, no other', async () => {
    const { running, visitor, reaches, mails } = await streamed('auto_publish', {}, ({ sandbox }) => {
      sandbox.google.faults.grantRevoked = true
      sandbox.google.expireTokens()
    })
    const { site, sandbox } = running
    await reaches('rendered', /waiting for YouTube/)
    await vi.waitFor(() => expect(mails()).toEqual(['Connect YouTube, and your recap goes up']), 10_000)
    sandbox.google.faults.grantRevoked = false
    const other = await connectYoutube(visitor, site, undefined, { channel: 'UCsandboxother0000000000' })
    expect(other.html).toContain('Please choose “Sandbox Streamer” again')
    await connectYoutube(visitor, site)
    const { id } = await reaches('published')
    await vi.waitFor(() => expect(mails()).toHaveLength(2), 10_000)
    expect(sandbox.google.videos).toHaveLength(1)
    // Where nothing waits, whoever has lost a channel is not held to it.
    await grantRevoked(running.echoes.db, running.channelId, 'youtube', Date.now())
    const after = await connectYoutube(visitor, site, undefined, { channel: 'UCsandboxother0000000000' })
    expect(after.html).not.toContain('Please choose')
    expect(await findUpload(running.echoes.db, id)).toMatchObject({ state: 'live' })
  })

  it('cannot take the thumbnail for a moment: it gets it later; a refusal of it stops nothing', async () => {
    const { running, reaches } = await streamed('auto_publish', {}, ({ sandbox }) => {
      sandbox.google.faults.thumbnailStatuses = Array.from({ length: 1_000 }, () => 503)
    })
    const { faults } = running.sandbox.google
    // However long YouTube took to work on the video: what counts is since when it refuses the thumbnail.
    await vi.waitFor(async () => {
      const longAgo = running.echoes.db
        .updateTable('uploads')
        .set({ uploaded_at: Date.now() - 24 * 3_600_000 })
      const { numUpdatedRows } = await longAgo.where('uploaded_at', 'is not', null).executeTakeFirst()
      expect(numUpdatedRows).toBe(1n)
    }, 20_000)
    const left = faults.thumbnailStatuses.length
    await vi.waitFor(() => expect(faults.thumbnailStatuses.length).toBeLessThan(left - 1), 20_000)
    faults.thumbnailStatuses = []
    await reaches('published')
    expect(running.sandbox.google.videos).toMatchObject([{ thumbnail: expect.stringMatching(/jpg$/) }])
    const refused = await streamed('auto_publish', {}, ({ sandbox }) => {
      sandbox.google.faults.thumbnailStatuses = [403]
    })
    await refused.reaches('published')
    expect(refused.running.sandbox.google.videos).toMatchObject([{ thumbnail: null }])
  })

  it('puts recaps into the playlist, once it may; a refusal there stops nothing', async () => {
    const playlist = 'Echoes of Sunny'
    const refused = await streamed('auto_publish', { playlist })
    await refused.reaches('published')
    expect(refused.running.sandbox.google.playlists).toEqual([])
    expect((await refused.visitor.get(refused.running.site)).html).toContain('Allow playlists')
    const allowed = await streamed('auto_publish', { playlist }, ({ site }, visitor) =>
      connectYoutube(visitor, site, undefined, { also: '?also=playlists' }),
    )
    await allowed.reaches('published')
    const { playlists, videos } = allowed.running.sandbox.google
    expect(playlists).toMatchObject([{ title: playlist, videoIds: [videos[0]?.id] }])
  })
})

describe('the streamer’s word', () => {
  it('an untouched recap goes up when its time has come; a touched one waits', async () => {
    const HOUR = 3_600_000
    const { running, visitor, reaches, desk, mails } = await streamed('auto_publish', {
      reviewMs: HOUR,
    })
    const waiting = await reaches('rendered', /waiting for your word/)
    expect((await desk()).goesUpAtMs).toBe((waiting.readyAtMs ?? 0) + HOUR)
    await vi.waitFor(() => expect(mails()).toEqual(['Your recap goes up soon']), 10_000)
    const edit = { seen: 0, card: '', change: { words: { title: 'Mine' } } }
    await visitor.ask(`${running.site}/recaps/${waiting.id}/edits`, edit)
    expect((await desk()).goesUpAtMs).toBeNull()
    await visitor.ask(`${running.site}/recaps/${waiting.id}/undo`, {})
    // Touched it is all the same: somebody was there.
    await running.echoes.db.updateTable('recaps').set({ ready_at: 0 }).execute()
    await running.echoes.db.updateTable('consents').set({ given_at: 0 }).execute()
    expect((await desk()).goesUpAtMs).toBeNull()
    await running.echoes.db.deleteFrom('edits').execute()
    await reaches('published')
  })

  it('is recorded with its words and settings, and stays on record when it is taken back', async () => {
    const { running, visitor } = await liveStreamer({}, [])
    const { site, echoes } = running
    for (const kind of ['auto_publish', 'none', 'upload']) await visitor.submit(`${site}/agreement`, { kind })
    const rows = await echoes.db.selectFrom('consents').selectAll().orderBy('given_at').execute()
    expect(rows.map((r) => [r.kind, r.revoked_at !== null])).toEqual([
      ['auto_publish', true],
      ['upload', false],
    ])
    expect(JSON.parse(rows[0]?.settings ?? '')).toEqual({
      privacy: 'public',
      madeForKids: false,
      reviewMs: 0,
    })
  })

  it('one moment goes up by itself, once, beside the recap', async () => {
    const { running, visitor, reaches, desk } = await streamed('upload')
    const recap = await reaches('rendered')
    const card = (await desk()).cards[1]?.id ?? ''
    const at = `${running.site}/recaps/${recap.id}/cards/${card}/publish`
    const answers = await Promise.all([visitor.ask(at, {}), visitor.ask(at, {})])
    expect(answers.map((a) => a.status)).toEqual([200, 200])
    const { videos } = running.sandbox.google
    await vi.waitFor(
      () =>
        expect(running.sandbox.mail.mails.map((m) => m.subject)).toContain(
          'Your recap is on YouTube: second – Clock practice',
        ),
      30_000,
    )
    expect(videos.map((v) => v.title)).toEqual(['second – Clock practice'])
    expect((await desk(recap)).stage).toBe('waiting')
  })

  it('no is no until the very moment at which the upload begins', async () => {
    const { running, reaches, recap, desk } = await streamed(
      'auto_publish',
      {},
      ({ sandbox, echoes, channelId }) => {
        // YouTube has opened a session, and its answer is on the way.
        sandbox.google.happened.once('session', () => {
          void recapsOf(echoes.db, channelId).then(([waiting]) =>
            decideRecap(echoes.db, waiting?.id ?? '', channelId, 'drop', Date.now()),
          )
        })
      },
    )
    await vi.waitFor(async () => expect((await recap()).decision).toBe('drop'), 40_000)
    await vi.waitFor(async () => expect((await desk()).stage).toBe('dropped'), 20_000)
    expect(running.sandbox.google.videos).toEqual([])
    expect((await reaches('rendered')).decision).toBe('drop')
  })

  it('a dropped recap can be taken up again', async () => {
    const { running, visitor, reaches } = await streamed('upload')
    const recap = await reaches('rendered')
    const at = `${running.site}/recaps/${recap.id}`
    expect((await visitor.ask<DeskState>(`${at}/drop`, {})).body.stage).toBe('dropped')
    expect((await visitor.ask<DeskState>(`${at}/publish`, {})).body.stage).toBe('dropped')
    await visitor.ask(`${at}/again`, {})
    await vi.waitFor(
      async () => expect((await visitor.ask<DeskState>(`${at}/state`)).body.stage).toBe('waiting'),
      20_000,
    )
    await visitor.ask(`${at}/publish`, {})
    await reaches('published')
  })

  it('a recap that is dropped while it is made anew keeps the video that it had', async () => {
    const { running, visitor, reaches } = await streamed('upload')
    const { id, product } = await reaches('rendered')
    await visitor.ask(`${running.site}/recaps/${id}/again`, {})
    await visitor.ask(`${running.site}/recaps/${id}/drop`, {})
    expect(await reaches('rendered', /^rendered$/)).toMatchObject({ decision: 'drop' })
    expect(existsSync(join(running.config.storage.url, product?.key ?? ''))).toBe(true)
  })

  it('own clips are shown first and last; what is no short video is refused', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'own-clip-'))
    const clip = (name: string, sec: number, colour: string) => {
      const file = join(dir, name)
      const source = `color=${colour}:s=320x180:r=30:d=${sec}`
      execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', source, '-pix_fmt', 'yuv420p', file])
      return readFileSync(file)
    }
    const { running, visitor, recap, reaches } = await streamed(
      'auto_publish',
      {},
      async ({ site }, owner) => {
        const put = async (place: string, body: Uint8Array<ArrayBuffer>) => {
          const cookie = owner.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
          const headers = { cookie, 'content-type': 'video/mp4', origin: site }
          const answer = await fetch(`${site}/settings/clips/${place}`, { method: 'PUT', headers, body })
          return { status: answer.status, body: (await answer.json()) as SiteState & { sentence: string } }
        }
        expect((await put('intro', new TextEncoder().encode('no video'))).body.sentence).toContain(
          'not an MP4 file',
        )
        expect((await put('intro', clip('long.mp4', 25, 'red'))).body.sentence).toContain('this one has 25')
        // Its boxes are whole, and its pictures are not.
        const damaged = clip('damaged.mp4', 2, 'white')
        damaged.fill(0xa5, damaged.indexOf('mdat') + 4, damaged.indexOf('moov') - 4)
        expect((await put('intro', damaged)).body.sentence).toContain('can’t be read')
        const intro = clip('intro.mp4', 2, 'white')
        // Trying one takes long: whoever sends many at once has one of them tried.
        const atOnce = await Promise.all([intro, intro, intro].map((body) => put('intro', body)))
        expect(atOnce.map(({ status }) => status).sort()).toEqual([200, 409, 409])
        expect((await put('outro', clip('outro.mp4', 1, 'white'))).body.clips.map((c) => c.place)).toEqual([
          'intro',
          'outro',
        ])
      },
    )
    const { product } = await reaches('published')
    // What goes before the first moment is in its chapter.
    expect(product?.moments[1]?.atSec).toBeGreaterThan(2 + 10 - 0.1)
    expect(product?.durationSec).toBeGreaterThan(2 + 25 + 1 - 0.1)
    const [video] = running.sandbox.google.videos
    expect(decode(video?.file ?? '').errors).toBe(0)
    // Taken home by itself, a moment is what was asked for.
    const at = `${running.site}/recaps/${(await recap()).id}`
    const zip = unzipSync(await visitor.download(`${at}/moments.zip`))
    const first = join(dir, 'first.mp4')
    writeFileSync(first, Object.values(zip)[0] ?? new Uint8Array())
    const shown = decode(first).pictures
    expect(shown[0]?.frame).toBe(20 * 30)
    expect(shown.length / 30).toBeLessThan(11)
    const short = await visitor.download(`${at}/short.mp4`)
    expect(new TextDecoder().decode(short.subarray(4, 8))).toBe('ftyp')
  })
})
