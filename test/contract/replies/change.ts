import type { Rewriting } from '../../../src/simulators/faults.ts'
import { keyOf, type Field } from './fields.ts'

/** What is sent in the place of a value. */
export const mutations = ['absent', 'null', 'other', 'empty'] as const
export type Mutation = (typeof mutations)[number]

/** Whose rows are changed: everybody's, or those that speak of one person. */
export type Whose = 'all' | 'stayer' | 'leaver'

export interface Change {
  readonly id: string
  /** Everything must go on for everybody. */
  readonly isFact: boolean
  readonly whose: Whose
  readonly rewriting: (person: string) => Rewriting
}

const absent = Symbol('absent')

function other(value: unknown): unknown {
  if (typeof value === 'string') return 17.5
  if (typeof value === 'number') return 'seventeen'
  if (typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? { odd: true } : 'odd'
}

function empty(value: unknown): unknown {
  if (typeof value === 'string') return ''
  if (Array.isArray(value)) return []
  return typeof value === 'object' && value !== null ? {} : absent
}

export function mutated(mutation: Mutation, value: unknown): unknown {
  if (mutation === 'absent') return absent
  if (mutation === 'null') return null
  return mutation === 'other' ? other(value) : empty(value)
}

/** The body with what stands at a place put otherwise; `concerns` is asked for the outermost row that holds it. */
export function changedAt(
  body: unknown,
  path: readonly string[],
  put: (value: unknown) => unknown,
  concerns: (row: unknown) => boolean,
  isInRow = false,
): unknown {
  const [key, ...rest] = path
  if (key === undefined) return put(body)
  if (key === '*') {
    if (!Array.isArray(body)) return body
    return body.map((row) =>
      isInRow || concerns(row) ? changedAt(row, rest, put, concerns, true) : (row as unknown),
    )
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body) || !(key in body)) return body
  const { [key]: value, ...others } = body as Record<string, unknown>
  const next = changedAt(value, rest, put, concerns, isInRow)
  return next === absent ? others : { ...body, [key]: next }
}

const patternOf = (route: string): RegExp =>
  new RegExp(`^${route.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`).replaceAll(/\{[^}]*\}/g, '[^/]+')}$`)

/** How many rows a body brings: its longest list, at its top or one below. */
function longestList(body: unknown, depth = 0): number {
  if (Array.isArray(body)) return body.length
  if (typeof body !== 'object' || body === null || depth > 0) return 0
  return Math.max(0, ...Object.values(body).map((each) => longestList(each, depth + 1)))
}

/** A field of a vendor's reply, sent otherwise from now on. */
export function changeOf(field: Field, mutation: Mutation, whose: Whose): Change {
  const { method, route, path, isFact, inRow } = field
  return {
    id: `${keyOf(field)} ${mutation} of ${whose}`,
    isFact: isFact || (whose === 'stayer' && inRow),
    whose,
    rewriting: (person) => ({
      method,
      path: patternOf(route),
      change: ({ status, body }, asked) => {
        const mentions = (part: unknown): boolean => JSON.stringify(part ?? null).includes(person)
        // A request may name many; then each row speaks for itself.
        const isTold = mentions(body)
        const speaks = (part: unknown): boolean =>
          whose === 'all' || (isTold ? mentions(part) : `${asked.path}${asked.query}`.includes(person))
        // A list of many as a whole is everybody's, however it is changed.
        const isAbout = path.includes('*') || whose === 'all' || (speaks(body) && longestList(body) <= 1)
        if (status >= 300 || !isAbout) return { status, body }
        return { status, body: changedAt(body, path, (value) => mutated(mutation, value), speaks) }
      },
    }),
  }
}
