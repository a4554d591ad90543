/** Keeps processes of Echoes running as systemd would, and kills them, and what they render with, at random. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { childrenOf, startProcess, type EchoesProcess } from '../../sandbox/process.ts'

const MAIN = join(import.meta.dirname, '../fast-main.ts')
const RESTART_MS = 500

export class Keeper {
  readonly #environment: Record<string, string>
  readonly #running = new Map<string, EchoesProcess>()
  readonly #killed = new Set<EchoesProcess>()
  #stopped = false
  kills = 0
  renderKills = 0
  /** Ends that we did not bring about. */
  crashes = 0

  constructor(environment: Record<string, string>, roles: readonly string[]) {
    this.#environment = environment
    for (const role of roles) void this.#keep(role)
  }

  /** Any one process, at once. */
  kill(random: () => number): void {
    const all = [...this.#running.values()]
    const one = all[Math.floor(random() * all.length)]
    if (!one || this.#killed.has(one)) return
    this.kills++
    this.#killed.add(one)
    one.kill()
  }

  /** One of the processes that render just now; none is often there. */
  killRendering(random: () => number): void {
    const parents = new Set([...this.#running.values()].map((p) => p.pid))
    const rendering = childrenOf(parents).filter(({ command }) => command.includes('render-child'))
    const one = rendering[Math.floor(random() * rendering.length)]
    if (!one) return
    try {
      process.kill(one.pid, 'SIGKILL')
      this.renderKills++
    } catch {
      // It was through at this very moment.
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const all = [...this.#running.values()]
    for (const one of all) one.kill()
    await Promise.all(all.map((one) => one.ended))
  }

  async #keep(role: string): Promise<void> {
    while (!this.#stopped) {
      const one = startProcess(this.#environment, [role], MAIN)
      this.#running.set(role, one)
      await one.ended
      if (!this.#killed.has(one) && !this.#stopped) this.crashes++
      if (!this.#stopped) await sleep(RESTART_MS)
    }
  }
}
