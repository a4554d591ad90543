/** Several processes that start at once in an empty folder, as three services do under systemd. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, it, onTestFinished } from 'vitest'
import { freePort, startProcess, until } from '../scripts/sandbox/process.ts'
import { startSandbox } from '../scripts/sandbox/sandbox.ts'

it('one of them makes the tables, the others wait for it, and all run', { timeout: 120_000 }, async () => {
  const sandbox = await startSandbox({ footageDir: inject('clockVod') })
  onTestFinished(() => sandbox.close())
  const port = await freePort()
  const environment = sandbox.environment({ port, dataDir: mkdtempSync(join(tmpdir(), 'first-start-')) })
  let ended = 0
  const all = ['web', 'worker', 'bot', 'worker'].map((role) => startProcess(environment, [role]))
  onTestFinished(() => all.forEach((one) => one.kill()))
  for (const one of all) void one.ended.then(() => ended++)
  await until(
    'Echoes answers',
    async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.ok,
  )
  // The bot has joined chat when it is connected.
  await until('the bot is in chat', () => sandbox.chat.clients.size > 0 || ended > 0)
  expect(ended).toBe(0)
})
