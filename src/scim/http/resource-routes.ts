import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { notFound } from '../errors.ts'
import type { StoredGroup, StoredUser } from '../ports.ts'
import { compileProjection } from '../projection.ts'
import { versionTag } from '../representation.ts'
import { type Changed, locationOf, type Resources, type View } from '../resources.ts'
import type { ResourceModel } from '../schema/model.ts'
import type { AcknowledgeWhenSent } from './acknowledgement.ts'
import {
  actorOf,
  directoryOf,
  hasAlready,
  listParameters,
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
    async GET(request, reply) {
      return answerList([resources], { request, reply }, listParameters(request), options)
    },

    async POST(request, reply) {
      const view = viewOf(model, readParameters(request.query), baseUrl(request))
      const resource = await resources.create(actorOf(request), request.body)
      reply.code(201)
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
  { baseUrl, answers }: RouteOptions,
): void {
  const { model } = resources

  endpoint(app, `${model.endpoint}/:id`, {
    async GET(request, reply) {
      const view = viewOf(model, readParameters(request.query), baseUrl(request))
      const resource = await resources.find(directoryOf(request), idOf(request))
      if (!resource) throw notFound(model.name, idOf(request))
      if (hasAlready(request, resource)) {
        return reply
          .code(304)
          .headers(identity(model, resource, view))
          .send()
      }
      const room = (bytes: number) => answers.hold(directoryOf(request).id, reply, { bytes })
      return show(resources, request, reply, resource, { ...view, room })
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
      return reply
        .code(204)
        .headers(identity(model, resource, view))
        .send()
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
  resource: Changed<T>,
  view: View,
): Promise<unknown> {
  const [shown] = await resources.show(directoryOf(request), [resource], view)
  reply.headers(identity(resources.model, resource, view))
  return shown
}

/** Which resource an answer is about: `meta.location` (RFC 7643 §3.1, the examples of RFC 7644 §3) and `meta.version`. */
function identity(
  model: ResourceModel,
  { id, version }: StoredUser | StoredGroup,
  { baseUrl }: View,
): Record<string, string> {
  const location = locationOf(model, id, baseUrl)
  return { location, 'content-location': location, etag: versionTag(version) }
}

function idOf(request: FastifyRequest): string {
  return (request.params as { readonly id: string }).id
}
