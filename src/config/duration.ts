const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds of `500ms`, `8s`, `30m`, `6h`, `30d`; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  const match = /^([0-9]{1,6})(ms|s|m|h|d)$/.exec(text)
  return match ? Number(match[1]) * units[match[2] as keyof typeof units] : undefined
}
