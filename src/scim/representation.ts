import type { ResourceModel } from './schema/model.ts'
import { provisioningUrn } from './schema/definitions.ts'
import { absoluteReference } from './values/coerce.ts'
import { isObject } from './values/json.ts'
import type { MemberRef, ResourceBody } from '../model/directory.ts'
import type { AttributeDefinition } from './schema/attribute.ts'

interface RepresentationInput {
  readonly id: string
  readonly body: ResourceBody
  readonly version: number
  readonly created: Date
  readonly lastModified: Date
  /** Absolute: the public base URL, the endpoint, the id. `$ref` of members, groups and manager is built from its base. */
  readonly location: string
  /** Groups the User is in. */
  readonly groups?: readonly MemberRef[] | undefined
  /** Members of the Group, as far as they are shown; an empty list is shown as one. */
  readonly members?: readonly MemberRef[] | undefined
  /** Content of the provisioning extension. */
  readonly extension?: Readonly<Record<string, unknown>> | undefined
  /** Shown instead of `body.active`. */
  readonly activeShown?: boolean | undefined
}

/** `meta.version` and `ETag` of a resource (RFC 7644 §3.14): of its state, so a projection does not change it. */
export function versionTag(version: number): string {
  return `W/"${version}"`
}

/** The whole resource as SCIM shows it, before projection; keys in the schema's order, `meta` last. */
export function represent(model: ResourceModel, input: RepresentationInput): Record<string, unknown> {
  const baseUrl = input.location.slice(0, Math.max(0, input.location.lastIndexOf(`${model.endpoint}/`)))
  const schemas = [model.schema]
  const resource: Record<string, unknown> = { schemas, id: input.id }
  for (const { name, mutability } of model.attributes) {
    const value =
      mutability === 'readOnly' ? computed(name, input, baseUrl) : written(name, model, input, baseUrl)
    if (value !== undefined) resource[name] = value
  }
  for (const { urn, attributes } of model.extensions) {
    const data = urn === provisioningUrn ? input.extension : input.body[urn]
    if (!isObject(data) || Object.keys(data).length === 0) continue
    schemas.push(urn)
    resource[urn] = withReferences(attributes, data, baseUrl)
  }
  resource['meta'] = {
    resourceType: model.name,
    created: input.created.toISOString(),
    lastModified: input.lastModified.toISOString(),
    location: input.location,
    version: versionTag(input.version),
  }
  return resource
}

function computed(name: string, input: RepresentationInput, baseUrl: string): unknown {
  if (name !== 'groups' || !input.groups?.length) return undefined
  return input.groups.map(({ groupId, display }) => ({
    value: groupId,
    $ref: `${baseUrl}/Groups/${groupId}`,
    display,
    type: 'direct',
  }))
}

function written(name: string, model: ResourceModel, input: RepresentationInput, baseUrl: string): unknown {
  if (name === model.rows) {
    return input.members?.map(({ userId, display }) => ({
      value: userId,
      $ref: `${baseUrl}/Users/${userId}`,
      display,
      type: 'User',
    }))
  }
  if (name === 'active' && input.activeShown !== undefined) return input.activeShown
  return input.body[name]
}

function withReferences(
  attributes: readonly AttributeDefinition[],
  data: Readonly<Record<string, unknown>>,
  baseUrl: string,
): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const { name } of attributes) {
    const value = data[name]
    if (value === undefined) continue
    const hasReference = isObject(value) && value['$ref'] !== undefined
    result[name] = hasReference ? { ...value, $ref: absoluteReference(value['$ref'], baseUrl) } : value
  }
  return result
}
