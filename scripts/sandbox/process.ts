/** Echoes as a process of its own beside the sandbox, that can be killed and started again. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const MAIN = join(import.meta.dirname, '../../backend/main.ts')

export interface EchoesProcess {
  /** Ends it as a crash of the machine would, at once and without a word to it. */
  kill(): void
  /** Asks it to stop. */
  stop(): void
  /** The end, whatever brought it about. */
  ended: Promise<void>
}

const running = new Set<ChildProcess>()
// A run that breaks off ends at once, without its `finally`s: nothing it has started may go on.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export function startProcess(environment: Record<string, string>, roles: string[] = []): EchoesProcess {
  // Not by way of the `tsx` command: that is a process of its own, and would take the signal instead.
  const roleArguments = roles.flatMap((role) => ['--role', role])
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', MAIN, ...roleArguments], {
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  running.add(child)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running.delete(child)
      resolve()
    })
  })
  return { kill: () => child.kill('SIGKILL'), stop: () => child.kill(), ended }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Looks again and again until `look` is truthy. @throws when it is not within `limitMs`, saying what was waited for */
export async function until(what: string, look: () => unknown, limitMs = 90_000): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`waited ${limitMs / 1000} s in vain until ${what}`)
    await sleep(50)
  }
}
