import { createHash } from 'node:crypto'

const [secondMs, minuteMs, hourMs] = [1_000, 60_000, 3_600_000]

/**
 * An interval as a recurrence rule (RFC 5545 §3.3.10). It starts at an instant that is the key's own, so that what repeats
 * equally often for many keys does not begin at once.
 */
export function recurrence(key: string, everyMs: number): string {
  if (!Number.isFinite(everyMs) || everyMs < secondMs)
    throw new RangeError('an interval is a second at least')
  const [unitMs, unit] =
    everyMs % hourMs === 0
      ? [hourMs, 'HOURLY']
      : everyMs % minuteMs === 0
        ? [minuteMs, 'MINUTELY']
        : [secondMs, 'SECONDLY']
  const offset = createHash('sha256').update(key).digest().readUInt32BE() % Math.floor(everyMs / secondMs)
  const start = new Date(Date.UTC(2026, 0, 1) + offset * secondMs).toISOString().replace(/[-:]|\.\d+/g, '')
  return `DTSTART:${start}\nRRULE:FREQ=${unit};INTERVAL=${Math.round(everyMs / unitMs)}`
}
