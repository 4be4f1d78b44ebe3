import type { FastifyInstance, FastifyRequest } from 'fastify'
import { notFound, ScimError } from '../errors.ts'
import { listResponse } from './list-routes.ts'
import { type BaseUrl, readParameters } from './requests.ts'
import { type DiscoveryDocument, resourceTypes, schemaDocuments } from '../schema/documents.ts'
import type { ResourceModel } from '../schema/model.ts'
import { endpoint } from './endpoints.ts'

interface DiscoveryOptions {
  readonly baseUrl: BaseUrl
  readonly limits: AdvertisedLimits
  readonly models: readonly ResourceModel[]
}

/** What a client can learn about the service provider (RFC 7644 §4). */
export function discoveryRoutes(app: FastifyInstance, { baseUrl, limits, models }: DiscoveryOptions): void {
  endpoint(app, '/ServiceProviderConfig', {
    async GET(request, reply) {
      const config = serviceProviderConfig(limits, baseUrl(request))
      reply.header('content-location', config.meta.location)
      return config
    },
  })
  documentRoutes(app, '/Schemas', 'Schema', (request) =>
    schemaDocuments({ baseUrl: baseUrl(request), models }),
  )
  documentRoutes(app, '/ResourceTypes', 'ResourceType', (request) =>
    resourceTypes({ baseUrl: baseUrl(request), models }),
  )
}

function documentRoutes(
  app: FastifyInstance,
  path: string,
  type: string,
  documents: (request: FastifyRequest) => readonly DiscoveryDocument[],
): void {
  endpoint(app, path, {
    async GET(request) {
      // RFC 7644 §4 demands a refusal, so that a client never takes the whole list for hits. Paging is ignored.
      if (readParameters(request.query).filter !== undefined) {
        throw new ScimError(403, `Filters are not supported on ${path}`)
      }
      const all = documents(request)
      return listResponse(all, all.length)
    },
  })
  endpoint(app, `${path}/:id`, {
    async GET(request, reply) {
      const { id } = request.params as { readonly id: string }
      const found = documents(request).find((each) => each.id.toLowerCase() === id.toLowerCase())
      if (!found) throw notFound(type, id)
      reply.header('content-location', found.meta.location)
      return found
    },
  })
}

interface AdvertisedLimits {
  readonly defaultCount: number
  readonly maxCount: number
  readonly cursorTimeout: number
  readonly bodyBytes: number
  readonly maxOperations: number
}

/**
 * What this service provider can do (RFC 7643 §5, RFC 9865 §4). Numbers are present where a feature is off, too:
 * some clients (authentik) read them without looking at `supported`.
 */
function serviceProviderConfig(
  limits: AdvertisedLimits,
  baseUrl: string,
): { readonly meta: { readonly resourceType: string; readonly location: string } } & Readonly<
  Record<string, unknown>
> {
  const { defaultCount, maxCount, bodyBytes, maxOperations } = limits
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: { supported: true, maxOperations, maxPayloadSize: bodyBytes },
    filter: { supported: true, maxResults: maxCount },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    pagination: {
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: defaultCount,
      maxPageSize: maxCount,
      cursorTimeout: limits.cursorTimeout,
    },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'OAuth Bearer Token',
        description: 'A bearer token of the directory, made by the operator of the gateway',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  }
}
