/** What the streamer is told when the world does not do its part; acted out on the sandbox's control page. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { controlRoutes } from '../scripts/sandbox/control/routes.tsx'
import { PEOPLE } from '../scripts/sandbox/sandbox.ts'
import { setUpStreamer, signIn, Visitor } from '../scripts/sandbox/visitor.ts'
import { startRunning, type Running } from './running.ts'

let running: Running
let control: ReturnType<typeof controlRoutes>

beforeAll(async () => {
  running = await startRunning({ VOD_WAIT_MS: '1500' })
  control = controlRoutes(running)
  await setUpStreamer(running.site, PEOPLE.streamer)
  await running.subscribed()
})
afterAll(() => running?.stop())

const act = async (path: string, form: Record<string, string> = {}) => {
  const answer = await control.request(path, { method: 'POST', body: new URLSearchParams(form) })
  expect(answer.status).toBe(303)
}
const happening = async () => (await control.request('/happening')).text()
const recapStates = async () =>
  (await running.echoes.db.selectFrom('recaps').select('state').orderBy('created_at').execute()).map(
    (r) => r.state,
  )

async function streamWithOneEcho(): Promise<void> {
  const { db } = running.echoes
  const before = await db.selectFrom('echoes').select('id').execute()
  await act('/live', { title: 'Stormy', since: '2' })
  await vi.waitFor(
    async () =>
      expect(
        await db.selectFrom('streams').select('id').where('ended_at', 'is', null).execute(),
      ).toHaveLength(1),
    10_000,
  )
  await act('/chat', { login: PEOPLE.streamer, text: '!echo 20 thunder' })
  await vi.waitFor(
    async () => expect(await db.selectFrom('echoes').select('id').execute()).toHaveLength(before.length + 1),
    10_000,
  )
}

it('a VOD that never appears is reported to the streamer by mail, and nothing is published', async () => {
  await streamWithOneEcho()
  await act('/faults', { hidden: 'on' })
  await act('/end')
  await vi.waitFor(() => expect(running.sandbox.mail.mails).toHaveLength(1), 20_000)
  const [mail] = running.sandbox.mail.mails
  expect(mail?.subject).toBe('No recap: the recording did not come')
  expect(mail?.text).toContain('past broadcasts')
  expect(await recapStates()).toEqual(['failed'])
  expect(running.sandbox.google.videos).toHaveLength(0)
  expect(await happening()).toContain('No recap: the recording did not come')
  const page = await control.request('/mails/0/html')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(await page.text()).toContain('The echoes are kept')
  await act('/faults')
})

it('once the recording is there after all, the recap is made', async () => {
  await act('/faults', {})
  // Twitch is compared with what we have whenever somebody signs in.
  await setUpStreamer(running.site, PEOPLE.streamer)
  await vi.waitFor(() => expect(running.sandbox.google.videos).toHaveLength(1), 30_000)
  await vi.waitFor(async () => expect(await recapStates()).toEqual(['published']), 10_000)
})

it('a flap of Twitch’s events does nothing, and a crash of the encoder makes one show of two streams', async () => {
  // Started more than 15 min after the show before, so that it is a show of its own.
  await running.echoes.db.updateTable('streams').set({ ended_at: 0 }).execute()
  await streamWithOneEcho()
  await act('/flap')
  await vi.waitFor(async () => {
    const open = await running.echoes.db.selectFrom('shows').select('ended_at').execute()
    expect(open.filter((s) => s.ended_at === null)).toHaveLength(1)
  }, 10_000)
  await act('/crash')
  const { db } = running.echoes
  await vi.waitFor(async () => {
    const streams = await db.selectFrom('streams').selectAll().orderBy('started_at').execute()
    const [, second, third] = streams
    expect(third?.show_id).toBe(second?.show_id)
    expect(third?.ended_at).toBeNull()
  }, 10_000)
  await act('/end')
  await vi.waitFor(() => expect(running.sandbox.google.videos).toHaveLength(2), 30_000)
  await vi.waitFor(async () => expect(await recapStates()).toEqual(['published', 'published']), 10_000)
  expect(await happening()).toContain('Stormy – recap')
})

it('a stream is known at once while Twitch’s API is busy', async () => {
  const { db } = running.echoes
  const before = await db.selectFrom('streams').select('id').execute()
  running.sandbox.faults.begin('helix', 'busy', 600_000)
  running.sandbox.twitch.goLive(running.channelId, { startedAtMs: Date.now(), title: 'Unheard of' })
  await vi.waitFor(
    async () => expect(await db.selectFrom('streams').select('id').execute()).toHaveLength(before.length + 1),
    30_000,
  )
  running.sandbox.faults.clear()
}, 60_000)

it('the first page comes while Twitch is busy for minutes', async () => {
  const visitor = new Visitor()
  await signIn(visitor, running.site, PEOPLE.streamer)
  running.sandbox.faults.begin('helix', 'busy', 600_000)
  const page = await visitor.get(running.site)
  running.sandbox.faults.clear()
  expect(page.status).toBe(200)
  expect(page.html).toContain('Echoes')
}, 60_000)
