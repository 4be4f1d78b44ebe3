import { commonAttributes, enterpriseUser, group, provisioningUser, user } from './definitions.ts'
import { type AttributeDefinition, defineAttribute, type SchemaDraft, subAttributeOf } from './attribute.ts'

interface ModelDraft {
  readonly name: string
  readonly endpoint: `/${string}`
  readonly description: string
  readonly schema: SchemaDraft
  readonly extensions?: readonly (SchemaDraft & { readonly required?: boolean })[]
  /** The attribute whose values are kept as rows and never loaded. */
  readonly rows?: string
}

export interface SchemaModel {
  readonly urn: string
  readonly name: string
  readonly description: string
  readonly attributes: readonly AttributeDefinition[]
  /** By name, letter case aside. */
  attribute(name: string): AttributeDefinition | undefined
}

export interface ExtensionModel extends SchemaModel {
  readonly required: boolean
  /** Every attribute is readOnly: clients may not write any part. */
  readonly readOnly: boolean
}

/** One resource type: its core schema, the common attributes and its extensions. Frozen. */
export interface ResourceModel {
  readonly name: string
  readonly endpoint: `/${string}`
  readonly description: string
  /** URN of the core schema. */
  readonly schema: string
  readonly core: SchemaModel
  readonly extensions: readonly ExtensionModel[]
  readonly rows: string | undefined
  /** `schemas`, `id`, `externalId`, the core attributes, `meta`: in the order in which answers show them. */
  readonly attributes: readonly AttributeDefinition[]
  /** Core or common attribute by name, letter case aside. */
  attribute(name: string): AttributeDefinition | undefined
  /** Extension by URN, letter case aside. */
  extension(urn: string): ExtensionModel | undefined
  /** Known URNs with what they name, longest first. */
  readonly urns: readonly { readonly folded: string; readonly extension: ExtensionModel | undefined }[]
}

/** An attribute path without a filter. No `attribute`: the text is a URN alone and means the whole container. */
export interface ResolvedPath {
  /** Canonical names from the resource's root; empty for the core URN alone. */
  readonly names: readonly string[]
  readonly extension: ExtensionModel | undefined
  readonly attribute: AttributeDefinition | undefined
  readonly subAttribute: AttributeDefinition | undefined
}

function lookup(
  attributes: readonly AttributeDefinition[],
): (name: string) => AttributeDefinition | undefined {
  const byName = new Map(attributes.map((attribute) => [attribute.name.toLowerCase(), attribute]))
  return (name) => byName.get(name.toLowerCase())
}

function defineSchema(draft: SchemaDraft): SchemaModel {
  const attributes = Object.freeze(draft.attributes.map(defineAttribute))
  const { urn, name, description } = draft
  return { urn, name, description, attributes, attribute: lookup(attributes) }
}

export function defineModel(draft: ModelDraft): ResourceModel {
  const core = Object.freeze(defineSchema(draft.schema))
  const extensions = (draft.extensions ?? []).map((extension): ExtensionModel => {
    const schema = defineSchema(extension)
    const readOnly = schema.attributes.every(({ mutability }) => mutability === 'readOnly')
    return Object.freeze({ ...schema, required: extension.required ?? false, readOnly })
  })
  const { first, last } = commonAttributes
  const attributes = Object.freeze([...first, ...core.attributes, ...last])
  const byUrn = new Map(extensions.map((extension) => [extension.urn.toLowerCase(), extension]))
  const urns = [core, ...extensions]
    .map(({ urn }) => ({ folded: urn.toLowerCase(), extension: byUrn.get(urn.toLowerCase()) }))
    .sort((a, b) => b.folded.length - a.folded.length)
  return Object.freeze({
    name: draft.name,
    endpoint: draft.endpoint,
    description: draft.description,
    schema: core.urn,
    core,
    extensions: Object.freeze(extensions),
    rows: draft.rows,
    attributes,
    attribute: lookup(attributes),
    extension: (urn: string) => byUrn.get(urn.toLowerCase()),
    urns: Object.freeze(urns),
  })
}

const nothing = { names: [], extension: undefined, attribute: undefined, subAttribute: undefined }

function within(
  schema: Pick<SchemaModel, 'attribute'>,
  text: string,
  extension?: ExtensionModel,
): ResolvedPath | undefined {
  const dot = text.indexOf('.')
  const attribute = schema.attribute(dot < 0 ? text : text.slice(0, dot))
  if (!attribute) return undefined
  const prefix = extension ? [extension.urn] : []
  if (dot < 0) return { names: [...prefix, attribute.name], extension, attribute, subAttribute: undefined }
  const subAttribute = subAttributeOf(attribute, text.slice(dot + 1))
  if (!subAttribute) return undefined
  return { names: [...prefix, attribute.name, subAttribute.name], extension, attribute, subAttribute }
}

/**
 * Binds an attribute path to the schema, letter case aside; undefined when the resource type has no such attribute.
 * URNs hold dots and colons, so they are split at the longest known schema URN. `shortNames` also finds attributes of
 * writable extensions without their URN, when the core schema has no such name.
 */
export function resolvePath(
  model: ResourceModel,
  text: string,
  options: { readonly shortNames?: boolean } = {},
): ResolvedPath | undefined {
  if (!text.includes(':')) {
    const found = within(model, text)
    if (found || !options.shortNames) return found
    for (const extension of model.extensions) {
      const inside = extension.readOnly ? undefined : within(extension, text, extension)
      if (inside) return inside
    }
    return undefined
  }
  const folded = text.toLowerCase()
  for (const { folded: urn, extension } of model.urns) {
    if (!folded.startsWith(urn)) continue
    if (folded.length === urn.length)
      return extension ? { ...nothing, names: [extension.urn], extension } : nothing
    const next = text[urn.length]
    if (next === ':' || next === '.') return within(extension ?? model, text.slice(urn.length + 1), extension)
  }
  return undefined
}

export const userModel = defineModel({
  name: 'User',
  endpoint: '/Users',
  description: 'A person of the directory.',
  schema: user,
  extensions: [enterpriseUser, provisioningUser],
})

export const groupModel = defineModel({
  name: 'Group',
  endpoint: '/Groups',
  description: 'A group of the directory; rules turn membership into entitlements.',
  schema: group,
  rows: 'members',
})
