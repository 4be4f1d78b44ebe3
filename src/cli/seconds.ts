import { InvalidArgumentError } from 'commander'

const units = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/** `90s`, `30m`, `24h`, `90d` in seconds. */
export function seconds(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (!count || !unit)
    throw new InvalidArgumentError('It must be a number with s, m, h or d, as in 24h or 90d.')
  return Number(count) * units[unit as keyof typeof units]
}
