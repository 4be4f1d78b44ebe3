const indent = '    '

/** What differs between two settings or policies, a line each: `default.role: "member" → "manager"`. Where a rule stands in its file does not count. */
export function differenceLines(before: unknown, after: unknown, path = ''): readonly string[] {
  if (isSame(before, after)) return []
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
    return keys.flatMap((key) =>
      differenceLines(before[key], after[key], path === '' ? key : `${path}.${key}`),
    )
  }
  if (Array.isArray(before) && Array.isArray(after)) return listLines(before, after, path)
  return [`${indent}${path}: ${text(before)} → ${text(after)}`]
}

/** What left a list and what came; where nothing did, the order is what changed. */
function listLines(before: readonly unknown[], after: readonly unknown[], path: string): readonly string[] {
  const without = (all: readonly unknown[], others: readonly unknown[]): readonly unknown[] =>
    all.filter((each) => !others.some((other) => isSame(each, other)))
  const lines = [
    ...without(before, after).map((each) => `${indent}${path}: - ${text(each)}`),
    ...without(after, before).map((each) => `${indent}${path}: + ${text(each)}`),
  ]
  return lines.length > 0 ? lines : [`${indent}${path}: another order`]
}

/** Equal as JSON, whatever the order of the keys. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one, sorted) === JSON.stringify(other, sorted)
}

function sorted(_key: string, value: unknown): unknown {
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

const text = (value: unknown): string => (value === undefined ? 'not set' : JSON.stringify(value))

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
