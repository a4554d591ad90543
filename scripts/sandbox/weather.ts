/** Random faults of random services, each from one second to one hour long: the same for the same seed. */
import type { Clock } from '../../shared/clock.ts'
import { FAULTS, SERVICES, type FaultName, type Faults, type FaultWindow, type Service } from './faults.ts'

export interface WeatherOptions {
  faults: Faults
  clock: Clock
  random: () => number
  services?: readonly Service[]
  /** On average, milliseconds of the sandbox's clock from one fault to the next. */
  everyMs: number
  longestMs?: number
  onFault?: (window: FaultWindow) => void
}

export interface Weather {
  faults: number
  /** All of them one after another. */
  faultMs: number
  /** Whether something begins now; it looks by itself, too. */
  look(): void
  /** From now on the sky is clear. */
  stop(): void
}

const SECOND_MS = 1_000
const HOUR_MS = 3_600 * SECOND_MS
const LOOK_MS = 20
const SERVICE_NAMES = Object.keys(SERVICES) as Service[]
const FAULT_NAMES = Object.keys(FAULTS) as FaultName[]

export function playWeather(options: WeatherOptions): Weather {
  const { faults, clock, random, services = SERVICE_NAMES, everyMs, longestMs = HOUR_MS, onFault } = options
  const one = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)] as T
  // As many between one second and ten as between six minutes and an hour.
  const length = () => SECOND_MS * (longestMs / SECOND_MS) ** random()
  const gap = () => -Math.log(1 - random()) * everyMs
  const weather = { faults: 0, faultMs: 0, look, stop }
  let nextMs = clock.now() + gap()
  const timer = setInterval(look, LOOK_MS)
  function look() {
    if (clock.now() < nextMs) return
    nextMs = clock.now() + gap()
    const [service, fault, lastsMs] = [one(services), one(FAULT_NAMES), length()]
    // One after the other: what is wrong with a service is not mended by something else that goes wrong.
    if (faults.now(service)) return
    faults.begin(service, fault, lastsMs)
    weather.faults++
    weather.faultMs += lastsMs
    onFault?.({ service, fault, untilMs: clock.now() + lastsMs })
  }
  function stop() {
    clearInterval(timer)
    // What is still wrong ends here.
    for (const { untilMs } of faults.windows) weather.faultMs -= untilMs - clock.now()
    faults.clear()
  }
  return weather
}
