import { invalidValue } from '../../errors.ts'

/** What a read may ask for, as text; names in any letter case (Entra's own client sends `startindex`). */
export interface ReadParameters {
  readonly filter?: string | undefined
  readonly startIndex?: string | undefined
  readonly count?: string | undefined
  readonly sortBy?: string | undefined
  readonly sortOrder?: string | undefined
  /** Empty: the first page. */
  readonly cursor?: string | undefined
  /** Comma-separated; several parameters of the name are joined. */
  readonly attributes?: string | undefined
  readonly excludedAttributes?: string | undefined
}

export interface PageLimits {
  readonly defaultCount: number
  readonly maxCount: number
  /** Seconds that a cursor lives. */
  readonly cursorTimeout: number
}

/** 1-based; never more than `maxCount` (RFC 7644 §3.4.2.4). */
export interface PageWindow {
  readonly startIndex: number
  readonly count: number
}

/** Larger indexes mean the same: past the end. */
const lastIndex = 2 ** 31 - 1

const nothing: ReadParameters = Object.freeze({})

/** Unknown parameters are left out: identity providers put flags of their own into the base URL. */
export function readParameters(query: unknown): ReadParameters {
  if (isEmpty(query)) return nothing
  const given = new Map<string, string[]>()
  for (const [name, value] of Object.entries(query ?? {})) {
    const key = name.toLowerCase()
    given.set(key, [...(given.get(key) ?? []), ...[value].flat().map(String)])
  }
  return {
    filter: given.get('filter')?.[0],
    startIndex: given.get('startindex')?.[0],
    count: given.get('count')?.[0],
    sortBy: given.get('sortby')?.[0],
    sortOrder: given.get('sortorder')?.[0],
    cursor: given.get('cursor')?.[0],
    attributes: given.get('attributes')?.join(','),
    excludedAttributes: given.get('excludedattributes')?.join(','),
  }
}

function isEmpty(query: unknown): boolean {
  for (const _ in query as object | undefined) return false
  return true
}

/** Out-of-range numbers are brought into range; text that is no number is refused. */
export function pageWindow(
  { startIndex, count }: ReadParameters,
  limits: Pick<PageLimits, 'defaultCount' | 'maxCount'>,
): PageWindow {
  return {
    startIndex: Math.min(Math.max(integer('startIndex', startIndex) ?? 1, 1), lastIndex),
    count: Math.min(Math.max(integer('count', count) ?? limits.defaultCount, 0), limits.maxCount),
  }
}

function integer(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined
  if (!/^[+-]?\d{1,15}$/.test(text.trim())) throw invalidValue(`${name} must be an integer`)
  return Number(text)
}
