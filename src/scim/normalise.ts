import type { ClientSwitches } from './client-profiles.ts'
import { doPart, invalidSyntax, invalidValue, quoted } from './errors.ts'
import { checkImmutable, checkRequired, isBlank } from './values/required.ts'
import { memberIds } from './members.ts'
import type { ExtensionModel, ResourceModel } from './schema/model.ts'
import { coerceAttribute } from './values/coerce.ts'
import { isObject, isUnassigned, sameValue } from './values/json.ts'
import type { ResourceBody } from '../model/directory.ts'
import type { AttributeDefinition } from './schema/attribute.ts'

interface NormalisedBody {
  readonly body: ResourceBody
  /** Ids of a Group's members, each once; undefined: the client said nothing about members (or it is no Group). */
  readonly members?: string[] | undefined
  /** As it was written, for the request's own vendor calls; never kept. */
  readonly password?: string
}

/** Parts of a body that could not be had: why, and which attributes keep their present values. */
export interface Ignored {
  readonly details: string[]
  /** Names of core attributes, and URNs of extensions with the names of theirs. */
  readonly core: Set<string>
  readonly extensions: Map<string, Set<string>>
}

/** What was sent, under the schema's own attributes. */
interface Sorted {
  readonly core: Map<AttributeDefinition, unknown>
  readonly extensions: Map<ExtensionModel, Map<AttributeDefinition, unknown>>
}

/**
 * Turns the body of POST or PUT into the form in which resources are stored: canonical names in the schema's order, no
 * null, nothing readOnly or unknown. Throws `invalidSyntax` or `invalidValue`; with `ignored`, what can be left out is
 * noted there instead.
 */
export function normaliseBody(
  model: ResourceModel,
  body: unknown,
  switches: ClientSwitches,
  purpose: 'create' | 'replace',
  ignored?: Ignored,
): NormalisedBody {
  if (!isObject(body)) throw invalidSyntax('The body must be a JSON object. Send the resource itself.')
  doPart(ignored?.details, () => checkSchemas(model, body, switches))
  const { core, extensions } = sort(model, body, ignored)
  const { password, ...result } = coreData(model, core, switches, ignored)
  const rows = model.attributes.find(({ name }) => name === model.rows)
  const sent = rows && core.get(rows)
  // Null says nothing of members, an empty list that there are none.
  const members = sent === undefined || sent === null ? undefined : memberIds(sent, switches)
  for (const extension of model.extensions) {
    const data = extensionData(extension, extensions.get(extension), switches, ignored)
    if (data) result[extension.urn] = data
  }
  if (purpose === 'create' && isActivatable(model)) result['active'] ??= true
  doPart(ignored?.details, () => checkRequired(model, result))
  return {
    body: result,
    ...(members && { members }),
    ...(typeof password === 'string' && password !== '' && { password }),
  }
}

/** With the password, which is never kept; without what is readOnly, and without members, which are rows. */
function coreData(
  model: ResourceModel,
  given: ReadonlyMap<AttributeDefinition, unknown>,
  switches: ClientSwitches,
  ignored: Ignored | undefined,
): Record<string, unknown> {
  const data: Record<string, unknown> = {}
  for (const [definition, value] of inOrder(model.attributes, given)) {
    const { name, mutability, returned } = definition
    if (mutability === 'readOnly' || name === model.rows) continue
    ignored?.core.add(name)
    doPart(ignored?.details, () => {
      const coerced = coerceAttribute(definition, value, name, switches)
      if (coerced !== undefined && (returned !== 'never' || name === 'password')) data[name] = coerced
      ignored?.core.delete(name)
    })
  }
  return data
}

function isActivatable(model: ResourceModel): boolean {
  return model.attribute('active')?.type === 'boolean'
}

function inOrder(
  attributes: readonly AttributeDefinition[],
  given: ReadonlyMap<AttributeDefinition, unknown>,
): [AttributeDefinition, unknown][] {
  const found: [AttributeDefinition, unknown][] = []
  for (const each of attributes) if (given.has(each)) found.push([each, given.get(each)])
  return found
}

function sort(
  model: ResourceModel,
  body: Readonly<Record<string, unknown>>,
  ignored: Ignored | undefined,
): Sorted {
  const sorted: Sorted = { core: new Map(), extensions: new Map() }
  for (const [key, value] of Object.entries(body)) {
    const attribute = model.attribute(key)
    const extension = attribute ? undefined : model.extension(key)
    if (attribute) sorted.core.set(attribute, value)
    else if (extension) {
      ignored?.extensions.set(extension.urn, new Set(extension.attributes.map(({ name }) => name)))
      doPart(ignored?.details, () => {
        sorted.extensions.set(extension, container(extension, key, value))
        ignored?.extensions.delete(extension.urn)
      })
    } else if (key.toLowerCase() === model.schema.toLowerCase()) {
      doPart(ignored?.details, () => {
        for (const [definition, each] of container(model, key, value)) sorted.core.set(definition, each)
      })
    }
  }
  return sorted
}

function container(
  schema: Pick<ExtensionModel, 'attribute'>,
  key: string,
  value: unknown,
): Map<AttributeDefinition, unknown> {
  const given = new Map<AttributeDefinition, unknown>()
  if (isUnassigned(value)) return given
  if (!isObject(value)) throw invalidValue(`${quoted(key)} must be a JSON object with the attributes inside.`)
  for (const [name, each] of Object.entries(value)) {
    const attribute = schema.attribute(name)
    if (attribute) given.set(attribute, each)
  }
  return given
}

function extensionData(
  extension: ExtensionModel,
  given: ReadonlyMap<AttributeDefinition, unknown> | undefined,
  switches: ClientSwitches,
  ignored: Ignored | undefined,
): ResourceBody | undefined {
  if (!given || extension.readOnly) return undefined
  const data: Record<string, unknown> = {}
  const kept = new Set<string>()
  for (const [definition, value] of inOrder(extension.attributes, given)) {
    const { name, mutability, returned } = definition
    if (mutability === 'readOnly') continue
    kept.add(name)
    doPart(ignored?.details, () => {
      const coerced = coerceAttribute(definition, value, `${extension.urn}:${name}`, switches)
      if (coerced !== undefined && returned !== 'never') data[name] = coerced
      kept.delete(name)
    })
  }
  if (kept.size > 0) ignored?.extensions.set(extension.urn, kept)
  return Object.keys(data).length === 0 ? undefined : data
}

/** Unknown URNs are ignored, as are extensions that are declared without data or used undeclared. */
function checkSchemas(
  model: ResourceModel,
  body: Readonly<Record<string, unknown>>,
  switches: ClientSwitches,
): void {
  const schemas = Object.entries(body).find(([key]) => key.toLowerCase() === 'schemas')?.[1]
  if (!Array.isArray(schemas) || schemas.length === 0) {
    throw invalidSyntax(`schemas must be an array that names ${model.schema}. Add it to the body.`)
  }
  const urns = schemas.map((urn: unknown) => (typeof urn === 'string' ? urn.toLowerCase() : ''))
  if (urns.includes('')) throw invalidSyntax('schemas must hold URNs as JSON strings. Correct the body.')
  if (urns.includes(model.schema.toLowerCase())) return
  const foreign = urns.some((urn) => foreignSchema.test(urn))
  if (foreign || switches.coreSchemaRequired) {
    throw invalidSyntax(`schemas does not name ${model.schema}. Send a ${model.name} to this endpoint.`)
  }
}

/** Another resource type's schema, or a message. */
const foreignSchema = /^urn:ietf:params:scim:(?:schemas:core|api:messages):2\.0:/

/**
 * The next body after PUT; the same object `current` when nothing differs. Absent attributes are cleared, except
 * `active`, whose absence must not bring leavers back, and what clients cannot read or change (RFC 7644 §3.5.1).
 */
export function replaceBody(
  model: ResourceModel,
  current: ResourceBody,
  normalised: ResourceBody,
): ResourceBody {
  const next = kept(model.attributes, current, normalised, '')
  for (const extension of model.extensions) {
    const before = section(current, extension.urn)
    const after = kept(extension.attributes, before, section(normalised, extension.urn), `${extension.urn}:`)
    if (Object.keys(after).length > 0) next[extension.urn] = after
  }
  if (isActivatable(model) && next['active'] === undefined && current['active'] !== undefined) {
    next['active'] = current['active']
  }
  checkRequired(model, next)
  return sameValue(current, next) ? current : next
}

/** What was sent, with the present values of the attributes that were ignored, or are required and missing. */
export function withKept(
  model: ResourceModel,
  current: ResourceBody,
  sent: ResourceBody,
  { core, extensions }: Ignored,
): ResourceBody {
  const missing = model.attributes.filter(({ name, required }) => required && isBlank(sent[name]))
  const next = { ...sent, ...picked(current, [...core, ...missing.map(({ name }) => name)]) }
  for (const [urn, names] of extensions) {
    next[urn] = { ...section(sent, urn), ...picked(section(current, urn), [...names]) }
  }
  return next
}

function picked(body: ResourceBody, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])))
}

function section(body: ResourceBody, urn: string): ResourceBody {
  const value = body[urn]
  return isObject(value) ? value : {}
}

function kept(
  attributes: readonly AttributeDefinition[],
  current: ResourceBody,
  next: ResourceBody,
  prefix: string,
): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const definition of attributes) {
    const value = replaced(definition, current[definition.name], next[definition.name], prefix)
    if (value !== undefined) result[definition.name] = value
  }
  return result
}

function replaced(definition: AttributeDefinition, before: unknown, after: unknown, prefix: string): unknown {
  const path = `${prefix}${definition.name}`
  switch (definition.mutability) {
    case 'readOnly':
      return before
    case 'writeOnly':
      return after ?? before
    case 'immutable':
      return checkImmutable(path, before, after)
    default:
  }
  if (!definition.subAttributes || definition.multiValued) return after
  const inside = kept(
    definition.subAttributes.filter((sub) => sub.mutability !== 'readWrite' || isObject(after)),
    isObject(before) ? before : {},
    isObject(after) ? after : {},
    `${path}.`,
  )
  return Object.keys(inside).length === 0 ? undefined : inside
}
