import { Schemas } from 'scimmy'
import type { AttributeDraft, SchemaDraft } from './attribute.ts'

/** The JSON that SCIMMY describes a schema with; a few fields are null there. */
interface Described {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly attributes: readonly DescribedAttribute[]
}
type DescribedAttribute = Omit<AttributeDraft, 'description' | 'subAttributes'> & {
  readonly description?: string | null
  readonly subAttributes?: readonly DescribedAttribute[]
}

function draftOf(described: DescribedAttribute): AttributeDraft {
  const { description, subAttributes, ...rest } = described
  return {
    ...rest,
    description: description ?? '',
    ...(subAttributes && { subAttributes: subAttributes.map(draftOf) }),
  }
}

/** Takes a schema from SCIMMY; `correct` mends single attributes. */
function imported(
  definition: { describe(): unknown },
  correct: (attribute: AttributeDraft) => AttributeDraft = (attribute) => attribute,
): SchemaDraft {
  // What describe() gives shows its characteristics only as JSON.
  const { id, name, description, attributes } = JSON.parse(JSON.stringify(definition.describe())) as Described
  return {
    urn: id,
    name,
    description,
    attributes: attributes.map((attribute) => correct(draftOf(attribute))),
  }
}

/** Identity providers send `primary` in addresses although RFC 7643 §8.7.1 does not list it. */
const primary: AttributeDraft = {
  name: 'primary',
  type: 'boolean',
  description: 'Marks the preferred address; at most one value is true.',
}

export const user = imported(Schemas.User.definition, (attribute) =>
  attribute.name === 'addresses' && !attribute.subAttributes?.some(({ name }) => name === 'primary')
    ? { ...attribute, subAttributes: [...(attribute.subAttributes ?? []), primary] }
    : attribute,
)

export const enterpriseUser = imported(Schemas.EnterpriseUser.definition)

/**
 * RFC 7643 §4.2 says in prose that displayName is required and that a member's identity never changes. What is shown of
 * a member is made here, and members are Users: the documents must say so.
 */
export const group = imported(Schemas.Group.definition, (attribute) => {
  if (attribute.name === 'displayName') return { ...attribute, required: true }
  if (attribute.name !== 'members') return attribute
  return { ...attribute, subAttributes: (attribute.subAttributes ?? []).map(memberPart) }
})

function memberPart(part: AttributeDraft): AttributeDraft {
  if (part.name === 'display') return { ...part, mutability: 'readOnly' }
  return {
    ...part,
    mutability: 'immutable',
    ...(part.name === 'type' && { canonicalValues: ['User'] }),
    ...(part.name === '$ref' && { referenceTypes: ['User'] }),
  }
}

export const resourceType = imported(Schemas.ResourceType.definition)
export const serviceProviderConfig = imported(Schemas.ServiceProviderConfig.definition)
