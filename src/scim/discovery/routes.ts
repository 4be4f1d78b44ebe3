import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type AdvertisedLimits, serviceProviderConfig } from './service-provider-config.ts'
import { notFound, ScimError } from '../errors.ts'
import { type DiscoveryDocument, resourceTypes, schemaDocuments } from '../schema/documents.ts'
import { endpoint } from '../http/endpoints.ts'
import { listResponse } from '../http/reply/list-response.ts'
import { readParameters } from '../http/request/query-parameters.ts'
import type { BaseUrl } from '../http/request/context.ts'
import type { ResourceModel } from '../schema/model.ts'

export interface DiscoveryOptions {
  readonly baseUrl: BaseUrl
  readonly limits: AdvertisedLimits
  readonly models: readonly ResourceModel[]
}

/** What a client can learn about the service provider (RFC 7644 §4). */
export function discoveryRoutes(app: FastifyInstance, { baseUrl, limits, models }: DiscoveryOptions): void {
  endpoint(app, '/ServiceProviderConfig', {
    GET: async (request) => serviceProviderConfig(limits, baseUrl(request)),
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
    async GET(request) {
      const { id } = request.params as { readonly id: string }
      const found = documents(request).find((each) => each.id.toLowerCase() === id.toLowerCase())
      if (!found) throw notFound(type, id)
      return found
    },
  })
}
