import { describe, expect, it } from 'vitest'
import { Fault } from '../../shared/fault.ts'
import { Replies } from './replies.ts'

/** A channel's replies with a clock and timers of the test's own, and one line in ten seconds. */
function rig() {
  let now = 0
  let nextAtMs = 0
  const timers: { atMs: number; run: () => void }[] = []
  const said: [atMs: number, text: string][] = []
  const answers: (Error | null)[] = []
  const replies = new Replies({
    clock: { now: () => now },
    later: (ms, run) => void timers.push({ atMs: now + ms, run }),
    maySpeak: async (_channel, at) => {
      if (at < nextAtMs) return nextAtMs - at
      nextAtMs = at + 10_000
      return 0
    },
    spoke: async (_channel, _takenAt, at) => void (nextAtMs = at + 10_000),
    say: async (_channel, text) => {
      const refused = answers.shift()
      if (refused) throw refused
      said.push([now, text])
    },
    onError: () => undefined,
  })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return {
    said,
    answers,
    reply: (to: string, text: string) => replies.reply('c', to, text),
    async at(ms: number) {
      await settle()
      for (;;) {
        const next = timers.sort((a, b) => a.atMs - b.atMs).find((t) => t.atMs <= ms)
        if (!next) break
        timers.splice(timers.indexOf(next), 1)
        now = next.atMs
        next.run()
        await settle()
      }
      now = ms
    },
  }
}

describe('what the bot says', () => {
  it('comes at once, and then joined, one line in ten seconds', async () => {
    const { said, reply, at } = rig()
    reply('vera', 'one')
    await at(1_000)
    for (const who of ['victor', 'vilma']) reply(who, 'two')
    await at(9_999)
    expect(said).toEqual([[0, '@vera one']])
    await at(10_000)
    expect(said.slice(1)).toEqual([[10_000, '@victor two · @vilma two']])
  })

  it('goes on in the next line where it does not fit into one, and is left out where it comes too late', async () => {
    const { said, reply, at } = rig()
    reply('vera', 'first')
    await at(1)
    for (let n = 0; n < 40; n++) reply(`viewer${n}`, 'Echo saved: the last 30 s')
    await at(60_000)
    const names = said.flatMap(([, text]) => [...text.matchAll(/@(viewer\d+)/g)].map((m) => m[1]))
    expect(names).toEqual(Array.from({ length: 40 }, (_, n) => `viewer${n}`))
    expect(Math.max(...said.map(([, text]) => text.length))).toBeLessThanOrEqual(450)
    for (let n = 0; n < 400; n++) reply(`late${n}`, 'Echo saved: the last 30 s')
    await at(400_000)
    expect(said.at(-1)?.[0]).toBeLessThanOrEqual(60_000 + 120_000)
  })

  it('is late, and not lost, where Twitch takes no more for a minute; with pauses, and at its time', async () => {
    const { said, answers, reply, at } = rig()
    const busy = (notBeforeMs?: number) =>
      new Fault('Twitch answered 429', 'transient', { status: 429, ...(notBeforeMs ? { notBeforeMs } : {}) })
    answers.push(busy(), busy(50_000), busy())
    reply('vera', 'one')
    await at(30_000)
    reply('victor', 'two')
    await at(120_000)
    expect(said).toEqual([[expect.any(Number), '@vera one · @victor two']])
    expect(said[0]?.[0]).toBeGreaterThanOrEqual(50_000)
  })

  it('is not repeated where nobody knows whether it was said, or where Twitch will not have it', async () => {
    const { said, answers, reply, at } = rig()
    answers.push(new Fault('could not be reached', 'transient'), new Fault('refused', 'bug', { status: 403 }))
    for (const who of ['vera', 'victor', 'vilma']) {
      reply(who, 'one')
      await at({ vera: 20_000, victor: 40_000 }[who] ?? 60_000)
    }
    expect(said.map(([, text]) => text)).toEqual(['@vilma one'])
  })
})
