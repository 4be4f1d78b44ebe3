import type { ClientSwitches } from '../client-profiles.ts'
import {
  invalidPath,
  invalidSyntax,
  invalidValue,
  mutability,
  noTarget,
  quoted,
  tooLarge,
} from '../errors.ts'
import type { ResourceModel } from '../schema/model.ts'
import { isObject, isUnassigned } from '../values/json.ts'
import type { PatchTarget } from './path.ts'
import { parsePath } from './path.ts'

/** One change of one attribute; a PATCH operation without path becomes several. */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace'
  readonly target: PatchTarget
  /** As the client sent it, never null; absent for a `remove` of everything. */
  readonly value?: unknown
  /** Came as a key of an operation without path. */
  readonly keyed: boolean
}

type Op = PatchOperation['op']

/** Where operations are read: what does not change while one message is read. */
interface Reading {
  readonly model: ResourceModel
  readonly switches: ClientSwitches
  readonly operations: PatchOperation[]
}

export const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
export const maxOperations = 5000

/**
 * Validates a PatchOp message and binds it to the schema (RFC 7644 §3.5.2). Attributes that the resource type does not
 * have are ignored in `add` and `replace`; a `remove` that cannot be understood is refused. What belongs to schemas that
 * nobody here knows is always ignored. Throws a ScimError.
 */
export function parsePatch(body: unknown, model: ResourceModel, switches: ClientSwitches): PatchOperation[] {
  const reading: Reading = { model, switches, operations: [] }
  for (const operation of operationsOf(body)) readOperation(reading, operation)
  return reading.operations
}

function operationsOf(body: unknown): readonly unknown[] {
  const message = fields(body, 'The body')
  const schemas = message.get('schemas')
  const named = Array.isArray(schemas) && schemas.some((urn) => foldedText(urn) === patchSchema.toLowerCase())
  if (!named) throw invalidSyntax(`schemas must name ${patchSchema}. Add it to the body.`)
  const operations = message.get('operations')
  if (!Array.isArray(operations) || operations.length === 0) {
    throw invalidSyntax('Operations must be an array with one operation at least. Add it to the body.')
  }
  if (operations.length > maxOperations) {
    throw tooLarge(`A PATCH may have ${maxOperations} operations at most. Send several requests.`)
  }
  return operations
}

/** By name in lower case; names that are no fields do no harm in a Map. */
function fields(value: unknown, what: string): ReadonlyMap<string, unknown> {
  if (!isObject(value)) throw invalidSyntax(`${what} must be a JSON object. Correct the body.`)
  return new Map(Object.entries(value).map(([key, each]) => [key.toLowerCase(), each]))
}

function foldedText(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : ''
}

function readOperation(reading: Reading, operation: unknown): void {
  const given = fields(operation, 'Each operation')
  const op = foldedText(given.get('op'))
  if (op !== 'add' && op !== 'remove' && op !== 'replace') {
    throw invalidSyntax('Each operation needs an op: add, remove or replace. Correct the body.')
  }
  const path = given.get('path') ?? ''
  if (typeof path !== 'string') throw invalidPath('A path must be a JSON string. Correct the operation.')
  const value = given.get('value')
  if (path.trim() === '') readObject(reading, op, value)
  else readPath(reading, op, path.trim(), value)
}

function readPath(reading: Reading, op: Op, path: string, value: unknown): void {
  const target = parsePath(path, reading.model, reading.switches)
  if (!target) {
    if (op !== 'remove' || isForeign(path, reading.model)) return
    throw invalidPath(
      `${quoted(path)} is no attribute of a ${reading.model.name}. Correct the path of the remove.`,
    )
  }
  if (target.attribute) {
    if (value === undefined && op !== 'remove') {
      throw invalidValue(`The ${op} of ${quoted(path)} has no value. Add one, or use remove.`)
    }
    return push(reading, op, target, value, false)
  }
  if (op !== 'remove') return readContainer(reading, op, target, value)
  if (!target.extension) throw noTarget('A remove needs the path of an attribute. Add it to the operation.')
  if (!isUnassigned(value)) {
    throw invalidValue(`Remove ${quoted(path)} without a value, or the attributes inside one by one.`)
  }
  push(reading, op, target, undefined, false)
}

/** Of a schema that was never stored here (an identity provider's own extension): its removal is true already. */
function isForeign(path: string, { urns }: ResourceModel): boolean {
  const folded = path.toLowerCase()
  return folded.startsWith('urn:') && !urns.some(({ folded: urn }) => folded.startsWith(urn))
}

/** An operation without path: each key of the value stands for a path. */
function readObject(reading: Reading, op: Op, value: unknown): void {
  if (op === 'remove') throw noTarget('A remove needs a path. Name what is to be removed.')
  if (!isObject(value)) {
    throw invalidValue(
      `An ${op} without path needs an object of attributes as value. Add a path, or such a value.`,
    )
  }
  for (const [key, each] of Object.entries(value)) readKey(reading, op, key, each)
}

function readContainer(reading: Reading, op: 'add' | 'replace', target: PatchTarget, value: unknown): void {
  const { extension, text } = target
  if (isUnassigned(value)) {
    if (extension) push(reading, 'remove', target, undefined, true)
    return
  }
  if (!isObject(value)) throw invalidValue(`${quoted(text)} needs an object of attributes as value.`)
  const prefix = extension?.urn ?? reading.model.schema
  for (const [key, each] of Object.entries(value)) readKey(reading, op, `${prefix}:${key}`, each)
}

function readKey(reading: Reading, op: 'add' | 'replace', key: string, value: unknown): void {
  const target = isPath(key) ? parsePath(key, reading.model, reading.switches) : undefined
  if (!target) return
  if (target.attribute) push(reading, op, target, value, true)
  else readContainer(reading, op, target, value)
}

/** Keys that can be no attribute are unknown attributes, and ignored like those. */
function isPath(key: string): boolean {
  return /^[A-Za-z$]/.test(key) && (key.includes('[') || /^[\w$.:/-]*$/.test(key))
}

function push(reading: Reading, op: Op, target: PatchTarget, value: unknown, keyed: boolean): void {
  if (!mayChange(reading, target, value, keyed)) return
  const { operations } = reading
  if (op === 'remove') {
    operations.push({ op, target, keyed, ...(!(value === undefined || value === null) && { value }) })
    return
  }
  if (!isUnassigned(value)) operations.push({ op, target, keyed, value })
  else if (op === 'replace' || !holdsMany(target)) operations.push({ op: 'remove', target, keyed })
}

function holdsMany({ attribute, filter, subAttribute }: PatchTarget): boolean {
  return filter !== undefined || ((subAttribute ?? attribute)?.multiValued ?? false)
}

/** False: to be ignored. Throws `mutability` for what only the service provider writes. */
function mayChange(
  { model, switches }: Reading,
  target: PatchTarget,
  value: unknown,
  keyed: boolean,
): boolean {
  const { attribute, subAttribute, extension, text } = target
  // Clients write the display of members although it is made here; it is left out with the rest of the element.
  const part = attribute?.name === model.rows ? undefined : subAttribute
  const readOnly = attribute
    ? attribute.mutability === 'readOnly' || part?.mutability === 'readOnly'
    : (extension?.readOnly ?? false)
  if (!readOnly) return true
  if (keyed && attribute?.name === 'id' && switches.ownIdOnly) return true
  if (keyed && (isUnassigned(value) || serverOwned.has(attribute?.name ?? ''))) return false
  throw mutability(`${quoted(text)} is readOnly. Leave it out.`)
}

/** Travels along with what a client read before. */
const serverOwned: ReadonlySet<string> = new Set(['id', 'schemas', 'meta'])
