import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Offers } from '../catalogue/offers.ts'
import { notFound } from '../errors.ts'
import { compileProjection } from '../projection.ts'
import { endpoint } from './endpoints.ts'
import { directoryOf } from './request/context.ts'
import { answerList, type ListOptions } from './lists/list-routes.ts'
import { readSearchRequest } from './lists/search-request.ts'
import { listedWhole } from './lists/whole.ts'
import { readParameters } from './request/query-parameters.ts'

/** What can be granted, to be read by clients that assign it: lists, filters and pages, and no writes. */
export function offerRoutes(app: FastifyInstance, { model, all }: Offers, options: ListOptions): void {
  const { baseUrl } = options
  const listed = (request: FastifyRequest) =>
    listedWhole(model, (directory) => all(directory, baseUrl(request)))

  endpoint(app, model.endpoint, {
    GET: async (request) => answerList([listed(request)], request, readParameters(request.query), options),
  })
  endpoint(app, `${model.endpoint}/.search`, {
    POST: async (request) => answerList([listed(request)], request, readSearchRequest(request.body), options),
  })

  endpoint(app, `${model.endpoint}/:id`, {
    async GET(request) {
      const { id } = request.params as { readonly id: string }
      const everything = await all(directoryOf(request), baseUrl(request))
      const found = everything.find((each) => each['id'] === id)
      if (!found) throw notFound(model.name, id)
      return compileProjection(model, readParameters(request.query)).apply(found)
    },
  })
}
