import { resourceType, serviceProviderConfig } from './definitions.ts'
import { groupModel, type ResourceModel, type SchemaModel, userModel } from './model.ts'
import {
  type AttributeDefinition,
  type AttributeDraft,
  defineAttribute,
  type SchemaDraft,
} from './attribute.ts'

interface DocumentOptions {
  /** Put before `/Schemas/…` and `/ResourceTypes/…` in `meta.location`. Default: empty, a relative location. */
  readonly baseUrl?: string
  /** Default: User and Group. */
  readonly models?: readonly ResourceModel[]
}

export type DiscoveryDocument = {
  readonly id: string
  readonly meta: { readonly location: string }
} & Readonly<Record<string, unknown>>

const schemaUrn = 'urn:ietf:params:scim:schemas:core:2.0:Schema'
const resourceTypeUrn = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType'

type Described = Pick<SchemaModel, 'urn' | 'name' | 'description' | 'attributes'>

/** Everything under `/Schemas` (RFC 7643 §7), the schemas of the discovery documents included. */
export function schemaDocuments(options: DocumentOptions = {}): readonly DiscoveryDocument[] {
  const { baseUrl = '', models = [userModel, groupModel] } = options
  const described = new Map<string, Described>()
  for (const model of models) {
    for (const schema of [model.core, ...model.extensions]) described.set(schema.urn, schema)
  }
  for (const draft of metaSchemas) {
    described.set(draft.urn, { ...draft, attributes: draft.attributes.map(defineAttribute) })
  }
  return [...described.values()].map(({ urn, name, description, attributes }) => ({
    schemas: [schemaUrn],
    id: urn,
    name,
    description,
    attributes: attributes.map(attributeDocument),
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${urn}` },
  }))
}

/** Absent characteristics are left out: Entra ID refuses `null` in schema documents. */
function attributeDocument(definition: AttributeDefinition): Record<string, unknown> {
  const { subAttributes, canonicalValues, referenceTypes } = definition
  return {
    name: definition.name,
    type: definition.type,
    multiValued: definition.multiValued,
    description: definition.description,
    required: definition.required,
    ...(canonicalValues && { canonicalValues }),
    caseExact: definition.caseExact,
    mutability: definition.mutability,
    returned: definition.returned,
    uniqueness: definition.uniqueness,
    ...(referenceTypes && { referenceTypes }),
    ...(subAttributes && { subAttributes: subAttributes.map(attributeDocument) }),
  }
}

/** Everything under `/ResourceTypes` (RFC 7643 §6). */
export function resourceTypes(options: DocumentOptions = {}): readonly DiscoveryDocument[] {
  const { baseUrl = '', models = [userModel, groupModel] } = options
  return models.map(({ name, endpoint, description, schema, extensions }) => ({
    schemas: [resourceTypeUrn],
    id: name,
    name,
    endpoint,
    description,
    schema,
    schemaExtensions: extensions.map(({ urn, required }) => ({ schema: urn, required })),
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${name}` },
  }))
}

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
const metaSchemas: readonly SchemaDraft[] = [resourceType, extended(serviceProviderConfig), schema].map(
  (each) => ({ ...each, attributes: each.attributes.map(readOnly) }),
)
