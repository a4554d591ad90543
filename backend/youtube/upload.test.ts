import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MovableClock } from '../../scripts/sandbox/clock.ts'
import { GoogleWorld } from '../../scripts/sandbox/google/world.ts'
import { listen, type Listening } from '../../scripts/sandbox/http.ts'
import { nextPacificMidnight } from '../domain/pacific.ts'
import { uploadVideo, type SessionStore, type UploadOptions } from './upload.ts'

const BYTES = 1_500_000
const file = join(mkdtempSync(join(tmpdir(), 'upload-')), 'recap.mp4')
writeFileSync(file, randomBytes(BYTES))
const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex')
const metadata = {
  title: 'A recap',
  description: '0:00 It begins',
  tags: ['echoes-1'],
  privacy: 'unlisted' as const,
  madeForKids: false,
}

let clock: MovableClock
let google: GoogleWorld
let server: Listening
let stored: { url: string | null; videoId: string | null }

beforeEach(async () => {
  clock = new MovableClock()
  google = new GoogleWorld(clock)
  server = await listen(google.routes())
  stored = { url: null, videoId: null }
})
afterEach(() => server.close())

const session: SessionStore = {
  load: async () => ({ ...stored }),
  replace: async (before, next) => {
    if (stored.url !== before || stored.videoId) return false
    stored.url = next
    return true
  },
}

function upload(own: Partial<UploadOptions> = {}): Promise<string> {
  return uploadVideo(file, metadata, {
    api: `${server.url}/`,
    token: async () => google.tokenFor(),
    session,
    findUploaded: async () => google.videos.find((v) => v.tags.includes('echoes-1'))?.id ?? null,
    wait: async () => {},
    ...own,
  })
}

function expectOneWholeVideo(videoId: string): void {
  expect(google.videos).toHaveLength(1)
  expect(google.videos[0]).toMatchObject({ id: videoId, bytes: BYTES, sha256, title: 'A recap' })
}

describe('a recap is uploaded once, and whole', () => {
  it('the session is kept before the first byte goes out', async () => {
    let keptBefore = false
    google.happened.once('half', () => (keptBefore = stored.url !== null))
    expectOneWholeVideo(await upload())
    expect(keptBefore).toBe(true)
  })

  it('a cut connection goes on behind what YouTube has', async () => {
    google.faults.cutAfterBytes = [700_000]
    const reached: number[] = []
    expectOneWholeVideo(await upload({ onProgress: (bytes) => reached.push(bytes) }))
    // YouTube keeps multiples of 256 KiB.
    expect(reached).toEqual([0, 2 * 256 * 1024])
  })

  it('an answer without Range means that nothing was kept', async () => {
    google.faults.cutAfterBytes = [100_000]
    const reached: number[] = []
    expectOneWholeVideo(await upload({ onProgress: (bytes) => reached.push(bytes) }))
    expect(reached).toEqual([0, 0])
  })

  it('the final answer, lost on its way, is repeated by the session', async () => {
    google.faults.answersLost = 1
    expectOneWholeVideo(await upload())
  })

  it('an expired session is begun anew', async () => {
    google.faults.cutAfterBytes = [700_000]
    await upload({ attempts: 1 }).catch(() => {})
    for (const each of google.sessions.values()) each.expired = true
    expectOneWholeVideo(await upload())
    expect(google.sessions.size).toBe(2)
  })

  it('a session that expired after the last byte: the video is found, not sent again', async () => {
    google.faults.answersLost = 1
    await upload({ attempts: 1 }).catch(() => {})
    for (const each of google.sessions.values()) each.expired = true
    expectOneWholeVideo(await upload())
    expect(google.sessions.size).toBe(1)
  })

  it('a token that expires in the middle is renewed', async () => {
    let current = google.tokenFor()
    google.faults.cutAfterBytes = [700_000]
    google.happened.once('half', () => clock.advance(2 * 3_600_000))
    const token = async (force: boolean) => (current = force ? google.tokenFor() : current)
    expectOneWholeVideo(await upload({ token }))
  })

  it('a worker that slept through a take-over does not begin a second video', async () => {
    // It had looked, found no session, and was frozen; meanwhile another one has uploaded.
    let frozen = true
    const asleep: SessionStore = {
      ...session,
      load: async () => {
        if (!frozen) return { ...stored }
        frozen = false
        const seen = { ...stored }
        stored.videoId = await upload()
        stored.url = null
        return seen
      },
    }
    expect(await upload({ session: asleep })).toBe(stored.videoId)
    expectOneWholeVideo(stored.videoId ?? '')
  })

  it('any storm of 5xx, cuts, lost answers and killed workers ends in one whole video', async () => {
    const fault = fc.oneof(
      fc.record({ kind: fc.constant('status' as const), status: fc.constantFrom(500, 502, 503, 504) }),
      fc.record({ kind: fc.constant('cut' as const), bytes: fc.integer({ min: 0, max: BYTES - 1 }) }),
      fc.record({ kind: fc.constant('lost' as const) }),
      fc.record({ kind: fc.constant('killed' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 8 }), async (faults) => {
        google.videos.length = 0
        stored = { url: null, videoId: null }
        google.faults.uploadStatuses = faults.flatMap((f) => (f.kind === 'status' ? [f.status] : []))
        google.faults.cutAfterBytes = faults.flatMap((f) => (f.kind === 'cut' ? [f.bytes] : []))
        google.faults.answersLost = faults.filter((f) => f.kind === 'lost').length
        // A killed worker is one whose attempts end; the next knows only what is stored.
        for (const f of faults) if (f.kind === 'killed') await upload({ attempts: 1 }).catch(() => {})
        expectOneWholeVideo(await upload({ attempts: 12 }))
      }),
      { numRuns: 40 },
    )
  })
})

describe('what YouTube refuses', () => {
  it('a used-up quota is tried again after midnight in Los Angeles', async () => {
    google.faults.quotaUsedUp = true
    await expect(upload()).rejects.toMatchObject({
      kind: 'quota',
      notBeforeMs: nextPacificMidnight(Date.now()),
    })
    expect(google.videos).toHaveLength(0)
  })

  it('storms that do not end are given back to the engine, with the session kept', async () => {
    google.faults.uploadStatuses = [0, ...Array<number>(30).fill(503)]
    await expect(upload({ attempts: 3 })).rejects.toMatchObject({ kind: 'transient' })
    google.faults.uploadStatuses = []
    expectOneWholeVideo(await upload())
  })

  it('a title that YouTube does not take is for good', async () => {
    await expect(
      uploadVideo(
        file,
        { ...metadata, title: '<live>' },
        {
          api: `${server.url}/`,
          token: async () => google.tokenFor(),
          session,
          findUploaded: async () => null,
          wait: async () => {},
        },
      ),
    ).rejects.toMatchObject({ kind: 'damaged', message: expect.stringContaining('invalidTitle') })
  })
})
