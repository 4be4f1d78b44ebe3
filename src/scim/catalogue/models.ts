import { type AttributeDraft, defineModel, type ResourceModel } from '../schema/model.ts'

const attributes: readonly AttributeDraft[] = [
  { name: 'displayName', required: true, description: 'Name, with the scope where it has one.' },
  { name: 'display', description: 'The same as displayName.' },
  { name: 'value', caseExact: true, description: "The vendor's own id." },
  { name: 'type', description: 'Name of the connection that offers it.' },
  { name: 'description', description: 'What it is, in words.' },
]

/**
 * Resource types by which Okta's entitlement management reads what can be granted
 * (developer.okta.com, Build a SCIM 2.0 server with entitlements). Clients only read them.
 */
export const roleModel = offered('Role', '/Roles', 'A role that a connection of the directory can grant.')
export const entitlementModel = offered(
  'Entitlement',
  '/Entitlements',
  'A group or team that a connection of the directory can grant.',
)

function offered(name: string, endpoint: `/${string}`, description: string): ResourceModel {
  return defineModel({
    name,
    endpoint,
    description,
    schema: {
      urn: `urn:okta:scim:schemas:core:1.0:${name}`,
      name,
      description,
      attributes: attributes.map((attribute) => ({ ...attribute, mutability: 'readOnly' })),
    },
  })
}
