import type { FastifyInstance, FastifyRequest } from 'fastify'
import { notFound } from '../errors.ts'
import type { Directory } from '../ports.ts'
import { compileProjection } from '../projection.ts'
import { defineModel, type ResourceModel } from '../schema/model.ts'
import { answerList, type ListOptions, readSearchRequest } from './list-routes.ts'
import { listedWhole } from './lists.ts'
import { directoryOf, listParameters, readParameters } from './requests.ts'
import type { CatalogueEntry, DirectoryRef } from '../../model/directory.ts'
import type { AttributeDraft } from '../schema/attribute.ts'
import { endpoint } from './endpoints.ts'

type EntryKey = Pick<CatalogueEntry, 'connection' | 'kind' | 'id' | 'scope'>

/**
 * The id under which clients see an entry of the catalogue: connection, kind, the vendor's id and, where it has one, the
 * scope. Readable, stable as long as the vendor's id is, and safe in a URL: other bytes than `A-Z a-z 0-9 _ -` are
 * written as a dot and two hexadecimal digits.
 */
function entitlementId({ connection, kind, id, scope }: EntryKey): string {
  return [connection, kind, id, ...(scope ? [scope.level, scope.id] : [])].map(escaped).join('~')
}

function escaped(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/[^\w-]/g, (byte) => `.${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

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
const roleModel = offered('Role', '/Roles', 'A role that a connection of the directory can grant.')
const entitlementModel = offered(
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

/** One of the two read-only resource types that show the catalogues of a directory's connections. */
interface Offers {
  readonly model: ResourceModel
  /** Everything, in a stable order, as clients see it before projection. */
  all(directory: DirectoryRef, baseUrl: string): Promise<readonly Record<string, unknown>[]>
}

export function createOffers({ catalogue }: Pick<Directory, 'catalogue'>): readonly Offers[] {
  return ([roleModel, entitlementModel] as const).map((model) => ({
    model,
    async all(directory, baseUrl) {
      const entries = await catalogue(directory, model === roleModel ? 'role' : 'group')
      return entries.map((entry) => represent(model, entry, baseUrl))
    },
  }))
}

function represent(model: ResourceModel, entry: CatalogueEntry, baseUrl: string): Record<string, unknown> {
  const id = entitlementId(entry)
  const { scope, name, privileged, connection, vendor } = entry
  const displayName = scope ? `${name} (${scope.level} ${scope.id})` : name
  const where = scope ? `, in ${scope.level} ${scope.id}` : ''
  return {
    schemas: [model.schema],
    id,
    displayName,
    display: displayName,
    value: entry.id,
    type: connection,
    description: `${privileged ? 'Privileged ' : ''}${entry.kind} of ${connection} (${vendor})${where}`,
    meta: { resourceType: model.name, location: `${baseUrl}${model.endpoint}/${id}` },
  }
}

/** What can be granted, to be read by clients that assign it: lists, filters and pages, and no writes. */
export function offerRoutes(app: FastifyInstance, { model, all }: Offers, options: ListOptions): void {
  const { baseUrl } = options
  const listed = (request: FastifyRequest) =>
    listedWhole(model, (directory) => all(directory, baseUrl(request)))

  endpoint(app, model.endpoint, {
    GET: async (request, reply) =>
      answerList([listed(request)], { request, reply }, listParameters(request), options),
  })
  endpoint(app, `${model.endpoint}/.search`, {
    POST: async (request, reply) =>
      answerList([listed(request)], { request, reply }, readSearchRequest(request.body), options),
  })

  endpoint(app, `${model.endpoint}/:id`, {
    async GET(request, reply) {
      const { id } = request.params as { readonly id: string }
      const everything = await all(directoryOf(request), baseUrl(request))
      const found = everything.find((each) => each['id'] === id)
      if (!found) throw notFound(model.name, id)
      reply.header('content-location', `${baseUrl(request)}${model.endpoint}/${id}`)
      return compileProjection(model, readParameters(request.query)).apply(found)
    },
  })
}
