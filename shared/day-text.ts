/** Days as people read them; apart from times, so that the panel does not load it. */
const DAY = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
})

/** `24 November 2026`, the day in UTC. */
export function dayText(ms: number): string {
  return DAY.format(ms)
}
