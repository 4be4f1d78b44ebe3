import type { AttributeDraft, SchemaDraft } from './attribute.ts'
import { resourceType, serviceProviderConfig } from './definitions.ts'

/** SCIMMY describes these two without saying that clients cannot write them. */
function readOnly(attribute: AttributeDraft): AttributeDraft {
  const { subAttributes } = attribute
  return {
    ...attribute,
    description: attribute.description || (descriptions[attribute.name] ?? attribute.name),
    mutability: 'readOnly',
    ...(subAttributes && { subAttributes: subAttributes.map(readOnly) }),
  }
}

const descriptions: Readonly<Record<string, string>> = {
  authenticationSchemes: 'How clients authenticate.',
  bulk: 'Several requests in one.',
  changePassword: 'Whether passwords can be changed.',
  description: 'What it is, in words.',
  documentationUri: 'Where the documentation is.',
  endpoint: 'Path of the endpoint below the base URL.',
  etag: 'Versions of resources.',
  filter: 'Filters on lists.',
  id: 'Identifier of the resource type.',
  maxOperations: 'Most operations in one request.',
  maxPayloadSize: 'Largest request body, in bytes.',
  maxResults: 'Most resources on one page.',
  name: 'Name.',
  patch: 'Partial changes.',
  required: 'Whether resources must carry it.',
  schema: 'URN of a schema.',
  schemaExtensions: 'Extensions of the resource type.',
  sort: 'Order of lists.',
  specUri: 'Where the scheme is specified.',
  supported: 'Whether it is offered.',
  type: 'Kind of the scheme.',
}

/** RFC 9865 §4 adds this to the service provider configuration. */
const pagination: AttributeDraft = {
  name: 'pagination',
  type: 'complex',
  description: 'How lists are paged.',
  subAttributes: [
    { name: 'cursor', type: 'boolean', description: 'Whether cursors are offered.' },
    { name: 'index', type: 'boolean', description: 'Whether startIndex is offered.' },
    {
      name: 'defaultPaginationMethod',
      description: 'What applies when a client names neither.',
      canonicalValues: ['cursor', 'index'],
    },
    { name: 'defaultPageSize', type: 'integer', description: 'Resources on a page when count is absent.' },
    { name: 'maxPageSize', type: 'integer', description: 'Most resources on a page.' },
    { name: 'cursorTimeout', type: 'integer', description: 'Seconds that a cursor lives.' },
  ],
}

const primary: AttributeDraft = {
  name: 'primary',
  type: 'boolean',
  description: 'Marks the preferred scheme.',
}

const characteristics: readonly AttributeDraft[] = [
  { name: 'name', description: 'Name of the attribute.', required: true, caseExact: true },
  {
    name: 'type',
    description: 'Data type of the attribute.',
    required: true,
    canonicalValues: [
      'string',
      'boolean',
      'decimal',
      'integer',
      'dateTime',
      'reference',
      'binary',
      'complex',
    ],
  },
  { name: 'multiValued', type: 'boolean', description: 'Whether it holds several values.', required: true },
  { name: 'description', description: 'What the attribute holds.' },
  { name: 'required', type: 'boolean', description: 'Whether it must be present.' },
  { name: 'canonicalValues', multiValued: true, description: 'Suggested values.', caseExact: true },
  { name: 'caseExact', type: 'boolean', description: 'Whether letter case counts.' },
  {
    name: 'mutability',
    description: 'Whether and when clients may write it.',
    caseExact: true,
    canonicalValues: ['readOnly', 'readWrite', 'immutable', 'writeOnly'],
  },
  {
    name: 'returned',
    description: 'When answers show it.',
    caseExact: true,
    canonicalValues: ['always', 'never', 'default', 'request'],
  },
  {
    name: 'uniqueness',
    description: 'How far a value is unique.',
    caseExact: true,
    canonicalValues: ['none', 'server', 'global'],
  },
  {
    name: 'referenceTypes',
    multiValued: true,
    description: 'What a reference may point to.',
    caseExact: true,
  },
]

const subAttributes: AttributeDraft = {
  name: 'subAttributes',
  type: 'complex',
  multiValued: true,
  description: 'Parts of a complex attribute.',
  subAttributes: characteristics,
}

const schema: SchemaDraft = {
  urn: 'urn:ietf:params:scim:schemas:core:2.0:Schema',
  name: 'Schema',
  description: 'Describes the attributes of a resource.',
  attributes: [
    { name: 'id', description: 'URN of the schema.', required: true, caseExact: true },
    { name: 'name', description: 'Name of the schema.', required: true },
    { name: 'description', description: 'What the schema is for.' },
    {
      name: 'attributes',
      type: 'complex',
      multiValued: true,
      description: 'Attributes of the schema.',
      required: true,
      subAttributes: [...characteristics, subAttributes],
    },
  ],
}

function extended({ attributes, ...rest }: SchemaDraft): SchemaDraft {
  const schemes = attributes.map((attribute) =>
    attribute.name === 'authenticationSchemes'
      ? { ...attribute, subAttributes: [...(attribute.subAttributes ?? []), primary] }
      : attribute,
  )
  return { ...rest, attributes: [...schemes, pagination] }
}

/** Schemas of the discovery documents themselves (RFC 7643 §5 to §7). */
export const metaSchemas: readonly SchemaDraft[] = [
  resourceType,
  extended(serviceProviderConfig),
  schema,
].map((each) => ({ ...each, attributes: each.attributes.map(readOnly) }))
