import { invalidSyntax, invalidValue, quoted, tooLarge } from '../errors.ts'
import { isObject } from '../values/json.ts'

/** One operation as the client wrote it; whether it can be done is judged when its turn comes. */
export interface BulkOperation {
  /** Upper case. */
  readonly method: string
  readonly path: string
  readonly bulkId?: string | undefined
  /** What `If-Match` says on a request of its own. */
  readonly version?: string | undefined
  readonly data: unknown
}

export interface BulkRequest {
  readonly operations: readonly BulkOperation[]
  /** Failures after which nothing more is done; Infinity without a limit. */
  readonly failOnErrors: number
}

const bulkRequestSchema = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'

/** Reads a BulkRequest (RFC 7644 §3.7). Throws `invalidSyntax`, `invalidValue`, or 413 with the limit. */
export function parseBulk(json: unknown, maxOperations: number): BulkRequest {
  const message = fieldsOf(json, 'The body')
  const schemas = message.get('schemas')
  if (!Array.isArray(schemas) || !schemas.some((urn) => isNamed(urn, bulkRequestSchema))) {
    throw invalidSyntax(`schemas must name ${bulkRequestSchema}. Add it to the body.`)
  }
  const operations = message.get('operations')
  if (!Array.isArray(operations) || operations.length === 0) {
    throw invalidSyntax('Operations must be an array with one operation at least. Add it to the body.')
  }
  if (operations.length > maxOperations) {
    throw tooLarge(`A bulk request may have ${maxOperations} operations at most. Send several requests.`)
  }
  return { operations: operations.map(operationOf), failOnErrors: limitOf(message.get('failonerrors')) }
}

function operationOf(json: unknown): BulkOperation {
  const given = fieldsOf(json, 'Each operation')
  const method = given.get('method')
  const path = given.get('path')
  if (typeof method !== 'string' || typeof path !== 'string') {
    throw invalidSyntax('Each operation needs a method and a path as JSON strings. Correct the body.')
  }
  return {
    method: method.toUpperCase(),
    path,
    bulkId: textOf(given, 'bulkid', 'bulkId'),
    version: textOf(given, 'version', 'version'),
    data: given.get('data') ?? undefined,
  }
}

/** By name in lower case. */
function fieldsOf(json: unknown, what: string): ReadonlyMap<string, unknown> {
  if (!isObject(json)) throw invalidSyntax(`${what} must be a JSON object. Correct the body.`)
  return new Map(Object.entries(json).map(([key, value]) => [key.toLowerCase(), value]))
}

const isNamed = (urn: unknown, name: string): boolean =>
  typeof urn === 'string' && urn.toLowerCase() === name.toLowerCase()

function textOf(given: ReadonlyMap<string, unknown>, key: string, name: string): string | undefined {
  const value = given.get(key) ?? undefined
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw invalidSyntax(`The ${name} of an operation must be a JSON string that is not empty. Correct it.`)
}

function limitOf(value: unknown): number {
  if (value === undefined || value === null) return Infinity
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
  throw invalidValue(
    `failOnErrors must be a whole number of 1 or more, not ${quoted(JSON.stringify(value))}. Correct it, or leave it out.`,
  )
}

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
interface SplitBody {
  readonly now: Readonly<Record<string, unknown>>
  /** Whole attributes; those of an extension inside its container. */
  readonly later: Readonly<Record<string, unknown>>
}

/** Takes the attributes out that refer to a bulkId which is `open`. */
export function partBody(
  data: Readonly<Record<string, unknown>>,
  open: (bulkId: string) => boolean,
): SplitBody {
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
