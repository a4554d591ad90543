/** A recap in a real browser: it can be sought to each chapter, shows the right picture there, and plays on over the joins. */
import { createReadStream, mkdtempSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, it, onTestFinished } from 'vitest'
import { assemble, type Piece } from '../backend/media/assemble.ts'
import { quietFfmpeg } from '../backend/media/av.ts'
import type { CutMode } from '../backend/media/cut.ts'
import { chromiumPath, launchChromium } from '../scripts/sandbox/chromium.ts'
import { readClock } from '../scripts/sandbox/footage/clock.ts'

const FPS = 30
const SPANS = [15.3, 41.01, 82.5, 111.9, 133.2].map((startSec) => ({ startSec, endSec: startSec + 4.77 }))

it.skipIf(!chromiumPath).each(['keyframe', 'exact'] as CutMode[])(
  '%s cut',
  { timeout: 90_000 },
  async (cut) => {
    quietFfmpeg()
    const file = join(mkdtempSync(join(tmpdir(), 'playback-')), 'recap.mp4')
    const pieces = SPANS.map(({ startSec, endSec }, n): Piece => {
      const first = Math.floor(startSec / 10)
      const files = [first, first + 1].map((f) => join(inject('clockVod'), `${f}.ts`))
      return { name: `moment ${n + 1}`, files, filesStartSec: first * 10, startSec, endSec }
    })
    const assembled = await assemble(pieces, file, { cut })
    const page = await openVideo(file)
    for (const [n, { atSec, durationSec }] of assembled.pieces.entries()) {
      const wanted =
        cut === 'exact'
          ? Math.round((SPANS[n]?.startSec ?? 0) * FPS)
          : Math.round((assembled.pieces[n]?.sourceStartSec ?? 0) * FPS)
      expect(await page.frameAt(atSec + 0.5 / FPS), `first picture of chapter ${n + 1}`).toBe(wanted)
      expect(await page.frameAt(atSec + 2 + 0.5 / FPS), `chapter ${n + 1}, two seconds in`).toBe(
        wanted + 2 * FPS,
      )
      expect(await page.frameAt(atSec + durationSec - 0.5 / FPS)).toBe(
        wanted + Math.round(durationSec * FPS) - 1,
      )
    }
    const [, second] = assembled.pieces
    const from = (second?.atSec ?? 0) - 1
    expect(await page.playOver(from, from + 2)).toEqual({ error: null, reached: true })
  },
)

async function openVideo(file: string) {
  const server = createServer((request, response) => {
    if (!request.url?.endsWith('.mp4'))
      return void response.setHeader('content-type', 'text/html').end('<video muted></video><canvas>')
    const { size } = statSync(file)
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    const end = to === '' ? size - 1 : Number(to)
    response.writeHead(206, {
      'content-type': 'video/mp4',
      'content-range': `bytes ${from}-${end}/${size}`,
      'content-length': end - Number(from) + 1,
      'accept-ranges': 'bytes',
    })
    createReadStream(file, { start: Number(from), end }).pipe(response)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const browser = await launchChromium()
  onTestFinished(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
  })
  const page = await browser.newPage()
  const { port } = server.address() as AddressInfo
  await page.goto(`http://127.0.0.1:${port}/`)
  await page.evaluate(async () => {
    const video = document.querySelector('video') as HTMLVideoElement
    await new Promise((resolve, reject) => {
      video.onloadeddata = resolve
      video.onerror = () => reject(new Error(video.error?.message))
      video.src = '/recap.mp4'
    })
  })
  return {
    async frameAt(sec: number): Promise<number> {
      const grey = await page.evaluate(async (to) => {
        const [video, canvas] = [document.querySelector('video'), document.querySelector('canvas')]
        if (!video || !canvas) throw new Error('no page')
        // The seek may be through before its picture is on the screen.
        const shown = new Promise((resolve) => {
          video.requestVideoFrameCallback(resolve)
          setTimeout(resolve, 1_000)
        })
        await new Promise((resolve, reject) => {
          video.onseeked = resolve
          video.onerror = () => reject(new Error(video.error?.message))
          video.currentTime = to
        })
        await shown
        ;[canvas.width, canvas.height] = [video.videoWidth, video.videoHeight]
        const context = canvas.getContext('2d')
        context?.drawImage(video, 0, 0)
        const pixels = context?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
        return Array.from({ length: pixels.length / 4 }, (_, n) => pixels[4 * n + 1] ?? 0)
      }, sec)
      return readClock(Uint8Array.from(grey), 320)
    },
    playOver: (from: number, to: number) =>
      page.evaluate(
        async ([start = 0, end = 0]) => {
          const video = document.querySelector('video') as HTMLVideoElement
          video.currentTime = start
          await video.play()
          const reached = await new Promise<boolean>((resolve) => {
            const late = setTimeout(() => resolve(false), 15_000)
            video.ontimeupdate = () => {
              if (video.currentTime < end) return
              clearTimeout(late)
              resolve(true)
            }
          })
          return { error: video.error?.message ?? null, reached }
        },
        [from, to],
      ),
  }
}
