/** A point in time, finer than a Date: seconds since 1970 and nanoseconds within the second. */
export interface Instant {
  readonly seconds: number
  readonly nanoseconds: number
}

const dateTime =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):(\d{2}))?$/i

/** Reads xsd:dateTime (RFC 7643 §2.3.5) from year 0001 on, with 1 to 9 fraction digits; without a zone it is UTC. */
export function instantOf(text: string): Instant | undefined {
  const parts = dateTime.exec(text)
  if (!parts) return undefined
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const [fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = parts.slice(7)
  const date = new Date(0)
  // Date.UTC reads years below 100 as 19xx.
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!exists || year < 1 || hour > 23 || minute > 59 || second > 59) return undefined
  if (Number(offsetHour) > 14 || Number(offsetMinute) > 59) return undefined
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60 * (sign === '-' ? -1 : 1)
  return { seconds: date.getTime() / 1000 - offset, nanoseconds: Number(fraction.padEnd(9, '0')) }
}

/** Negative, zero or positive, as for `sort`. */
export function compareInstants(a: Instant, b: Instant): number {
  return a.seconds - b.seconds || a.nanoseconds - b.nanoseconds
}
