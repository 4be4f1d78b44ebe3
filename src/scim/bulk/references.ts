import { isObject } from '../values/json.ts'

/** Whole values such as `bulkId:x`, and relative or absolute references that end in `/bulkId:x`. */
const whole = /^((?:\S*\/)?)bulkId:(.+)$/s
/** Inside the value filter of a PATCH path. */
const inFilter = /"bulkId:([^"\\]+)"/g

/** The bulkIds that a request body refers to, in any string value (RFC 7644 §3.7.1). */
export function referencesIn(data: unknown): ReadonlySet<string> {
  const found = new Set<string>()
  replaceReferences(data, (bulkId) => {
    found.add(bulkId)
    return undefined
  })
  return found
}

/** The same JSON with ids for bulkIds; what has no id yet stays as it is. The argument is not changed. */
export function replaceReferences(data: unknown, idOf: (bulkId: string) => string | undefined): unknown {
  return replaced(data, '', idOf)
}

function replaced(value: unknown, key: string, idOf: (bulkId: string) => string | undefined): unknown {
  if (typeof value === 'string') return replacedText(value, key, idOf)
  if (Array.isArray(value)) return value.map((each) => replaced(each, key, idOf))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaced(each, name, idOf)]))
}

function replacedText(text: string, key: string, idOf: (bulkId: string) => string | undefined): string {
  // Almost no string holds one.
  if (!text.includes('bulkId:')) return text
  if (key.toLowerCase() === 'path') {
    return text.replaceAll(inFilter, (all, bulkId: string) => {
      const id = idOf(bulkId)
      return id === undefined ? all : `"${id}"`
    })
  }
  const [, before = '', bulkId = ''] = whole.exec(text) ?? []
  const id = bulkId === '' ? undefined : idOf(bulkId)
  return id === undefined ? text : before + id
}

/** A body parted in two: what can be created now, and what has to wait for a reference. */
export interface Parted {
  readonly now: Readonly<Record<string, unknown>>
  /** Whole attributes; those of an extension inside its container. */
  readonly later: Readonly<Record<string, unknown>>
}

/** Takes the attributes out that refer to a bulkId which is `open`. */
export function partBody(data: Readonly<Record<string, unknown>>, open: (bulkId: string) => boolean): Parted {
  const now: [string, unknown][] = []
  const later: [string, unknown][] = []
  for (const [name, value] of Object.entries(data)) {
    if (!refersTo(value, open)) now.push([name, value])
    else if (isObject(value) && name.includes(':')) {
      const parts = partBody(value, open)
      now.push([name, parts.now])
      later.push([name, parts.later])
    } else later.push([name, value])
  }
  return { now: Object.fromEntries(now), later: Object.fromEntries(later) }
}

function refersTo(value: unknown, open: (bulkId: string) => boolean): boolean {
  return [...referencesIn(value)].some(open)
}
