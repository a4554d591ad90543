import { describe, expect, it } from 'vitest'
import { Replies } from './replies.ts'

/** A channel's replies with a clock and timers of the test's own, and one line in ten seconds. */
function rig() {
  let now = 0
  let nextAtMs = 0
  const timers: { atMs: number; run: () => void }[] = []
  const said: [atMs: number, text: string][] = []
  const replies = new Replies({
    clock: { now: () => now },
    later: (ms, run) => void timers.push({ atMs: now + ms, run }),
    maySpeak: async (_channel, at) => {
      if (at < nextAtMs) return nextAtMs - at
      nextAtMs = at + 10_000
      return 0
    },
    spoke: async (_channel, _takenAt, at) => void (nextAtMs = at + 10_000),
    say: async (_channel, text) => void said.push([now, text]),
    onError: (error) => {
      throw error
    },
  })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return {
    said,
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

  it('is left out where it has waited too long to make sense, or where it does not fit', async () => {
    const { said, reply, at } = rig()
    reply('vera', 'first')
    await at(1)
    for (let n = 0; n < 40; n++) reply(`viewer${n}`, 'Echo saved: the last 30 s')
    await at(60_000)
    expect(said).toHaveLength(2)
    expect(said[1]?.[1].length).toBeLessThanOrEqual(450)
  })
})
