import type { AttributeDefinition } from './attribute.ts'
import { defineAttribute } from './attribute.ts'
import { metaSchemas } from './meta-schemas.ts'
import type { ResourceModel, SchemaModel } from './model.ts'
import { groupModel, userModel } from './model.ts'

export interface DocumentOptions {
  /** Put before `/Schemas/…` and `/ResourceTypes/…` in `meta.location`. Default: empty, a relative location. */
  readonly baseUrl?: string
  /** Default: User and Group. */
  readonly models?: readonly ResourceModel[]
}

export type DiscoveryDocument = { readonly id: string } & Readonly<Record<string, unknown>>

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
