/** Echoes as a process of its own beside the sandbox, that can be killed and started again. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
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
  pid: number
}

const running = new Set<ChildProcess>()
// A run that breaks off ends at once, without its `finally`s: nothing it has started may go on.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** @param main another file to start than Echoes' own */
export function startProcess(
  environment: Record<string, string>,
  roles: string[] = [],
  main = MAIN,
): EchoesProcess {
  // Not by way of the `tsx` command: that is a process of its own, and would take the signal instead.
  const roleArguments = roles.flatMap((role) => ['--role', role])
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', main, ...roleArguments], {
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
  return { kill: () => child.kill('SIGKILL'), stop: () => child.kill(), ended, pid: child.pid ?? 0 }
}

/** Processes that some others have started, and their command lines. Linux only. */
export function childrenOf(parents: ReadonlySet<number>): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        // The program's name stands in parentheses and may hold anything.
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
        if (!parents.has(parent)) return []
        return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8') }]
      } catch {
        return [] // it has ended meanwhile
      }
    })
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
