/** When YouTube's daily quota begins anew. */

const DAY_MS = 24 * 60 * 60_000

/** Midnight in Los Angeles, with its summer time. UTC milliseconds. */
export function nextPacificMidnight(now: number): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/Los_Angeles',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  })
  const parts = Object.fromEntries(format.formatToParts(now).map((p) => [p.type, Number(p.value)]))
  const sinceMidnight = (((parts.hour ?? 0) * 60 + (parts.minute ?? 0)) * 60 + (parts.second ?? 0)) * 1000
  const guess = now - (now % 1000) - sinceMidnight + DAY_MS
  // On the two days of the change the guess is an hour off; the hour it then shows tells in which direction.
  const hour = Number(format.formatToParts(guess).find((p) => p.type === 'hour')?.value)
  if (hour === 23) return guess + 60 * 60_000
  return hour === 1 ? guess - 60 * 60_000 : guess
}
