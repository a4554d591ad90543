/** Positions and lengths as people read them. */

/** A position: `0:00`, `12:05`, `1:02:03`. */
export function positionText(sec: number): string {
  const whole = Math.max(0, Math.floor(sec))
  const minutes = Math.floor(whole / 60)
  const two = (n: number) => String(n % 60).padStart(2, '0')
  const tail = `:${two(whole)}`
  return minutes < 60 ? minutes + tail : `${Math.floor(minutes / 60)}:${two(minutes)}${tail}`
}

/** A length: `30 s`, `1:30`. */
export function lengthText(ms: number): string {
  const sec = Math.round(ms / 1000)
  return sec < 60 ? `${sec} s` : positionText(sec)
}
