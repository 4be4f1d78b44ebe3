import type { FastifyPluginAsync } from 'fastify'
import { ScimError } from '../errors.ts'
import { sendError } from './error-answers.ts'
import { baseUrlFor } from './requests.ts'

export interface WrongBaseUrl {
  /** Where the service provider is registered, such as `/scim/v2`. */
  readonly base: string
  readonly publicUrl: string | undefined
  /** An identity provider seems to have been given a wrong base URL. */
  readonly seen: () => void
}

/** What SCIM clients ask for, and parts of base URLs; other words are not ours to log. */
const words =
  /^(scim|api|rest|v\d+(\.\d+)?|users|groups|bulk|me|schemas|resourcetypes|serviceproviderconfig|\.search)$/i

/**
 * For addresses that lead nowhere: SCIM clients whose base URL is not quite right hear which one is. Requests that look
 * like theirs are logged and counted; what else is asked of a web server is only refused.
 */
export const wrongBaseUrlPlugin: FastifyPluginAsync<WrongBaseUrl> = async (app, options) => {
  const { base, publicUrl, seen } = options
  const baseUrl = baseUrlFor(publicUrl, base)
  const origin = baseUrlFor(publicUrl, '')
  // Whatever a body is, it is not looked at.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume()
    done(null)
  })
  app.setNotFoundHandler((request, reply) => {
    const segments = (request.url.split('?', 1)[0] ?? '').split('/').filter((each) => each !== '')
    const [first] = segments
    // Load balancers and people look at the root, too; they bring no token.
    const isTheirs = first === undefined ? request.headers.authorization !== undefined : words.test(first)
    if (isTheirs) {
      const path = `/${segments.map((each) => (words.test(each) ? each : '…')).join('/')}`
      request.log.warn({ requestId: request.id, method: request.method, path }, 'wrong SCIM base URL')
      seen()
    }
    const refusal = new ScimError(
      404,
      `Nothing is here. The base URL for SCIM is ${baseUrl(request)}: correct it in the identity provider.`,
      { about: { area: 'scim', code: 'base-url' } },
    )
    reply.headers({ 'content-type': 'application/scim+json', 'cache-control': 'no-store' })
    return sendError(reply, refusal, origin(request))
  })
}
