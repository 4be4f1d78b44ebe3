import type { ClientSwitches } from '../client-profiles.ts'
import {
  doPart,
  invalidFilter,
  invalidPath,
  invalidSyntax,
  invalidValue,
  mutability,
  noTarget,
  quoted,
  tooLarge,
} from '../errors.ts'
import type { Filter } from '../filter/ast.ts'
import { parseElementFilter } from '../filter/parse.ts'
import { type AttributeDefinition, subAttributeOf } from '../schema/attribute.ts'
import { type ExtensionModel, type ResolvedPath, resolvePath, type ResourceModel } from '../schema/model.ts'
import { isObject, isUnassigned, jsonIn } from '../values/json.ts'

/** What an operation changes. No `attribute`: the whole extension, or without one the whole resource. */
interface PatchTarget {
  /** The client's own words, for details. */
  readonly text: string
  readonly extension: ExtensionModel | undefined
  readonly attribute: AttributeDefinition | undefined
  readonly filter: Filter | undefined
  readonly subAttribute: AttributeDefinition | undefined
}

const attributePath = /^[A-Za-z$][\w$.:/-]*$/
const partPath = /^\.[A-Za-z$][\w$-]*$/

/**
 * Reads a PATCH path (RFC 7644 §3.5.2). Undefined: well formed, but the resource type has no such attribute. Throws
 * `invalidPath`, or `invalidFilter` for what stands in the brackets.
 */
function parsePath(text: string, model: ResourceModel, switches: ClientSwitches): PatchTarget | undefined {
  const bracket = text.indexOf('[')
  const name = bracket < 0 ? text : text.slice(0, bracket)
  if (!attributePath.test(name)) throw malformed(text)
  const path = resolvePath(model, name, { shortNames: switches.lenient })
  if (bracket < 0) return path && { text, filter: undefined, ...targetOf(path) }
  const closing = text.lastIndexOf(']')
  const part = text.slice(closing + 1)
  if (closing < bracket || (part !== '' && !partPath.test(part))) throw malformed(text)
  return path && withFilter(text, path, text.slice(bracket + 1, closing), part.slice(1), switches)
}

function malformed(text: string): Error {
  return invalidPath(
    `${quoted(text)} is not a path. Write one such as name.givenName or emails[type eq "work"].value.`,
  )
}

function targetOf({
  extension,
  attribute,
  subAttribute,
}: ResolvedPath): Pick<PatchTarget, 'extension' | 'attribute' | 'subAttribute'> {
  return { extension, attribute, subAttribute }
}

function withFilter(
  text: string,
  path: ResolvedPath,
  filterText: string,
  part: string,
  switches: ClientSwitches,
): PatchTarget | undefined {
  const { attribute, extension } = path
  if (!attribute || path.subAttribute || (!attribute.multiValued && attribute.type !== 'complex')) {
    throw invalidPath(`${quoted(text)} filters an attribute that has no parts. Leave out the brackets.`)
  }
  const filter = parseElementFilter(filterText, attribute, switches)
  if (namesUnknown(filter)) {
    throw invalidFilter(
      `${quoted(text)} compares a part that ${attribute.name} does not have. Correct the path.`,
    )
  }
  if (part === '') return { text, extension, attribute, filter, subAttribute: undefined }
  const subAttribute = subAttributeOf(attribute, part)
  return subAttribute && { text, extension, attribute, filter, subAttribute }
}

/** Such a filter never matches: a removal would succeed without doing anything. */
function namesUnknown(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.some(namesUnknown)
    case 'not':
      return namesUnknown(filter.term)
    case 'element':
      return true
    default:
      return filter.path.type === 'unknown'
  }
}

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
  readonly ignored: string[] | undefined
}

export const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const maxOperations = 5000

/**
 * Validates a PatchOp message and binds it to the schema (RFC 7644 §3.5.2). Attributes that the resource type does not
 * have are ignored, removals of them too, because they were never kept; a removal that may mean members is refused.
 * With `ignored`, what cannot be understood is noted there instead of refused. Throws a ScimError.
 */
export function parsePatch(
  body: unknown,
  model: ResourceModel,
  switches: ClientSwitches,
  ignored?: string[],
): PatchOperation[] {
  const reading: Reading = { model, switches, operations: [], ignored }
  for (const operation of operationsOf(body, ignored)) {
    doPart(ignored, () => readOperation(reading, operation))
  }
  return reading.operations
}

function operationsOf(body: unknown, ignored: string[] | undefined): readonly unknown[] {
  const message = fields(body, 'The body')
  doPart(ignored, () => checkSchemas(message.get('schemas')))
  const operations = message.get('operations')
  if (!Array.isArray(operations) || operations.length === 0) {
    throw invalidSyntax('Operations must be an array with one operation at least. Add it to the body.')
  }
  if (operations.length > maxOperations) {
    throw tooLarge(`A PATCH may have ${maxOperations} operations at most. Send several requests.`)
  }
  return operations
}

function checkSchemas(schemas: unknown): void {
  const named = Array.isArray(schemas) && schemas.some((urn) => foldedText(urn) === patchSchema.toLowerCase())
  if (!named) throw invalidSyntax(`schemas must name ${patchSchema}. Add it to the body.`)
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
    const { model, switches } = reading
    if (switches.unknownPaths === 'ignore' && !(op === 'remove' && mayMeanRows(model, path, value))) return
    throw invalidPath(
      `${quoted(path)} is not an attribute of a ${model.name}. Correct the path of the ${op}.`,
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

/** A removal with a misspelled `members`, which must not pass for done; paths of unknown schemas are never that. */
function mayMeanRows({ rows, urns }: ResourceModel, path: string, value: unknown): boolean {
  const folded = path.toLowerCase()
  const foreign = folded.startsWith('urn:') && !urns.some(({ folded: urn }) => folded.startsWith(urn))
  if (rows === undefined || foreign) return false
  return folded.includes('[') || !isUnassigned(value) || folded.includes(rows.slice(0, -1))
}

/** An operation without path: each key of the value stands for a path. */
function readObject(reading: Reading, op: Op, value: unknown): void {
  if (op === 'remove') throw noTarget('A remove needs a path. Name what is to be removed.')
  const object = (reading.switches.lenient && jsonIn(value)) || value
  if (!isObject(object)) {
    throw invalidValue(
      `An ${op} without path needs an object of attributes as value. Add a path, or such a value.`,
    )
  }
  readKeys(reading, op, '', object)
}

function readKeys(reading: Reading, op: 'add' | 'replace', prefix: string, object: object): void {
  for (const [key, value] of Object.entries(object)) {
    doPart(reading.ignored, () => readKey(reading, op, `${prefix}${key}`, value))
  }
}

function readContainer(reading: Reading, op: 'add' | 'replace', target: PatchTarget, value: unknown): void {
  const { extension, text } = target
  if (isUnassigned(value)) {
    if (extension) push(reading, 'remove', target, undefined, true)
    return
  }
  if (!isObject(value)) throw invalidValue(`${quoted(text)} needs an object of attributes as value.`)
  readKeys(reading, op, `${extension?.urn ?? reading.model.schema}:`, value)
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
  if (!isReadOnly(model, target)) return true
  const name = target.attribute?.name ?? ''
  if (keyed && name === 'id' && switches.ownIdOnly) return true
  if (keyed && (isUnassigned(value) || serverOwned.has(name))) return false
  throw mutability(`${quoted(target.text)} is readOnly. Leave it out.`)
}

function isReadOnly({ rows }: ResourceModel, { attribute, subAttribute, extension }: PatchTarget): boolean {
  if (!attribute) return extension?.readOnly ?? false
  // Clients write the display of members although it is made here; it is left out with the rest of the element.
  const part = attribute.name === rows ? undefined : subAttribute
  return attribute.mutability === 'readOnly' || part?.mutability === 'readOnly'
}

/** Travels along with what a client read before. */
const serverOwned: ReadonlySet<string> = new Set(['id', 'schemas', 'meta'])
