import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { notFound } from '../errors.ts'
import type { StoredGroup, StoredUser } from '../ports.ts'
import { compileProjection } from '../projection.ts'
import { versionTag } from '../representation.ts'
import { locationOf, type Resources, type View } from '../resources.ts'
import type { ResourceModel } from '../schema/model.ts'
import type { AcknowledgeWhenSent } from './acknowledgement.ts'
import {
  actorOf,
  directoryOf,
  hasAlready,
  preconditionOf,
  type ReadParameters,
  readParameters,
} from './requests.ts'
import { answerList, type ListOptions, searchRoute } from './list-routes.ts'
import { endpoint } from './endpoints.ts'

interface RouteOptions extends ListOptions {
  readonly acknowledgeWhenSent: AcknowledgeWhenSent
}

/** The endpoints that every resource type has (RFC 7644 §3.2). */
export function resourceRoutes<T extends StoredUser | StoredGroup>(
  app: FastifyInstance,
  resources: Resources<T>,
  options: RouteOptions,
): void {
  collectionRoutes(app, resources, options)
  elementRoutes(app, resources, options)
}

function collectionRoutes<T extends StoredUser | StoredGroup>(
  app: FastifyInstance,
  resources: Resources<T>,
  options: RouteOptions,
): void {
  const { model } = resources
  const { baseUrl, acknowledgeWhenSent } = options
  searchRoute(app, model.endpoint, [resources], options)

  endpoint(app, model.endpoint, {
    async GET(request) {
      return answerList([resources], request, readParameters(request.query), options)
    },

    async POST(request, reply) {
      const view = viewOf(model, readParameters(request.query), baseUrl(request))
      const resource = await resources.create(actorOf(request), request.body)
      reply.code(201).header('location', locationOf(model, resource.id, view.baseUrl))
      return acknowledgeWhenSent(
        request,
        reply,
        (sent) => resources.acknowledge(directoryOf(request), resource.id, sent),
        () => show(resources, request, reply, resource, view),
      )
    },
  })
}

function elementRoutes<T extends StoredUser | StoredGroup>(
  app: FastifyInstance,
  resources: Resources<T>,
  { baseUrl }: RouteOptions,
): void {
  const { model } = resources

  endpoint(app, `${model.endpoint}/:id`, {
    async GET(request, reply) {
      const view = viewOf(model, readParameters(request.query), baseUrl(request))
      const resource = await resources.find(directoryOf(request), idOf(request))
      if (!resource) throw notFound(model.name, idOf(request))
      if (hasAlready(request, resource))
        return reply.code(304).header('etag', versionTag(resource.version)).send()
      return show(resources, request, reply, resource, view)
    },

    async PUT(request, reply) {
      const view = viewOf(model, readParameters(request.query), baseUrl(request))
      const check = preconditionOf(request)
      const resource = await resources.replace(actorOf(request), idOf(request), request.body, check)
      return show(resources, request, reply, resource, view)
    },

    async PATCH(request, reply) {
      const asked = readParameters(request.query)
      const view = viewOf(model, asked, baseUrl(request))
      const check = preconditionOf(request)
      const resource = await resources.patch(actorOf(request), idOf(request), request.body, check)
      const named = asked.attributes !== undefined || asked.excludedAttributes !== undefined
      if (named || (await resources.showsPatched(directoryOf(request), resource))) {
        return show(resources, request, reply, resource, view)
      }
      return reply.code(204).header('etag', versionTag(resource.version)).send()
    },

    async DELETE(request, reply) {
      await resources.remove(actorOf(request), idOf(request), preconditionOf(request))
      return reply.code(204).send()
    },
  })
}

function viewOf(model: ResourceModel, asked: ReadParameters, baseUrl: string): View {
  return { projection: compileProjection(model, asked), baseUrl }
}

async function show<T extends StoredUser | StoredGroup>(
  resources: Resources<T>,
  request: FastifyRequest,
  reply: FastifyReply,
  resource: T,
  view: View,
): Promise<unknown> {
  const [shown] = await resources.show(directoryOf(request), [resource], view)
  reply.header('etag', versionTag(resource.version))
  return shown
}

function idOf(request: FastifyRequest): string {
  return (request.params as { readonly id: string }).id
}
