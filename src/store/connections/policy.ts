type Json = Readonly<Record<string, unknown>>

/**
 * The part of a policy that decides what is planned: how long a reply may take, how often it is reconciled, how much the guard
 * lets through, and where a rule stands do not.
 */
export function planningPart(policy: unknown): unknown {
  const {
    reply: _reply,
    reconcile: _reconcile,
    guard,
    rules,
    ...rest
  } = policy as Json & {
    readonly rules?: readonly Json[]
    readonly guard?: { readonly protect?: readonly string[] }
  }
  const { protect = [] } = guard ?? {}
  return {
    ...rest,
    ...(protect.length > 0 ? { protect } : {}),
    rules: (rules ?? []).map(({ line: _line, ...rule }) => rule),
  }
}

/** Equal as JSON, whatever the order of the keys. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one, sorted) === JSON.stringify(other, sorted)
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
