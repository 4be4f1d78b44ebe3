import { Schemas } from 'scimmy'
import { type AttributeDraft, defineAttribute, type SchemaDraft } from './attribute.ts'

/** Attributes that every resource has (RFC 7643 §3.1); they are in no schema document. */
export const commonAttributes = {
  first: [
    defineAttribute({
      name: 'schemas',
      type: 'reference',
      multiValued: true,
      mutability: 'readOnly',
      returned: 'always',
    }),
    defineAttribute({
      name: 'id',
      caseExact: true,
      mutability: 'readOnly',
      returned: 'always',
      uniqueness: 'server',
    }),
    defineAttribute({ name: 'externalId', caseExact: true }),
  ],
  last: [
    defineAttribute({
      name: 'meta',
      type: 'complex',
      mutability: 'readOnly',
      subAttributes: [
        { name: 'resourceType', caseExact: true, mutability: 'readOnly' },
        { name: 'created', type: 'dateTime', mutability: 'readOnly' },
        { name: 'lastModified', type: 'dateTime', mutability: 'readOnly' },
        { name: 'location', type: 'reference', mutability: 'readOnly' },
        { name: 'version', caseExact: true, mutability: 'readOnly' },
      ],
    }),
  ],
} as const

export const provisioningUrn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'

/** How a User stands at each vendor: readOnly, shown only when asked for, outside the version. */
export const provisioningUser: SchemaDraft = {
  urn: provisioningUrn,
  name: 'ProvisioningUser',
  description: 'What the vendors really have of this User, one value per connection of the directory.',
  attributes: [
    {
      name: 'ignored',
      multiValued: true,
      description:
        'In the answer to a write that ends the access of this User: what else it asked for and could not have.',
      mutability: 'readOnly',
    },
    {
      name: 'connections',
      type: 'complex',
      multiValued: true,
      description: 'How the account of this User stands on each connection.',
      mutability: 'readOnly',
      returned: 'request',
      subAttributes: [
        { name: 'value', description: 'Name of the connection.', caseExact: true, mutability: 'readOnly' },
        { name: 'vendor', description: 'Vendor of the connection.', mutability: 'readOnly' },
        {
          name: 'status',
          description: 'Whether what is wanted has been proven at the vendor.',
          mutability: 'readOnly',
        },
        {
          name: 'accountId',
          description: 'Id of the account at the vendor.',
          caseExact: true,
          mutability: 'readOnly',
        },
        {
          name: 'provenAt',
          type: 'dateTime',
          description: 'When the state was last proven by a read.',
          mutability: 'readOnly',
        },
        { name: 'failure', description: 'Why it is not proven.', mutability: 'readOnly' },
        {
          name: 'see',
          description: 'Path and anchor, at this gateway, of what the failure means and what to do.',
          caseExact: true,
          mutability: 'readOnly',
        },
        {
          name: 'deviations',
          multiValued: true,
          description: 'What is wanted but impossible at the vendor or forbidden by policy.',
          mutability: 'readOnly',
        },
      ],
    },
  ],
}

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

export const user = imported(Schemas.User.definition, (attribute) => {
  const { name, subAttributes = [] } = attribute
  if (name === 'userName') return { ...attribute, address: true }
  if (name === 'addresses' && !subAttributes.some((part) => part.name === 'primary')) {
    return { ...attribute, subAttributes: [...subAttributes, primary] }
  }
  if (name !== 'emails' && name !== 'phoneNumbers' && name !== 'ims') return attribute
  const parts = subAttributes.map((part) => (part.name === 'value' ? { ...part, address: true } : part))
  return { ...attribute, subAttributes: parts }
})

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
