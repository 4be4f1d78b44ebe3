import type { GroupRef } from '../../model/person.ts'

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

const dayMs = 86_400_000

/** `until: suffix` reads the end of a group's name. */
const bySuffix = 'suffix'

/**
 * The instant (ISO 8601) at which a grant of a rule ends. A date counts to its end in UTC, a duration from the moment of
 * membership. `never-begun`: the group's name has no suffix that says how long.
 */
export function endOf(until: string, group: GroupRef | undefined): string | 'never-begun' {
  const span = until === bySuffix ? suffixMs(group?.displayName ?? '') : durationMs(until)
  if (span === undefined && until === bySuffix) return 'never-begun'
  if (span === undefined) return instantOf(until)
  if (group?.since === undefined) throw new Error('a duration counts from a membership, and none is known')
  return new Date(Date.parse(group.since) + span).toISOString()
}

/** Whether a text is a duration such as `24h`. */
export function isDuration(text: string): boolean {
  return durationMs(text) !== undefined
}

/** Milliseconds of `500ms`, `8s`, `30m`, `6h`, `30d`; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text) ?? []
  const ms = unitMs[unit ?? '']
  return ms === undefined ? undefined : Number(count) * ms
}

function suffixMs(name: string): number | undefined {
  const [, duration] = /-(\d{1,6}[mhd])$/i.exec(name.trim()) ?? []
  return duration === undefined ? undefined : durationMs(duration.toLowerCase())
}

function instantOf(text: string): string {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const ms = Date.parse(text) + (isDate ? dayMs : 0)
  if (Number.isNaN(ms)) throw new Error('until is neither a duration, nor an ISO date, nor suffix')
  return new Date(ms).toISOString()
}
