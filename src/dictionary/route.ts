import type { FastifyInstance } from 'fastify'
import { errorPage } from '../model/errors.ts'
import { errorPageHtml } from './page.ts'

/** The page that every error links to. No token: it holds nothing but documentation, and does not name the release. */
export function registerErrorPage(app: FastifyInstance): void {
  let page: string | undefined
  app.get(errorPage, async (_request, reply) => {
    page ??= errorPageHtml()
    return reply
      .headers({
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'cache-control': 'max-age=3600',
      })
      .type('text/html; charset=utf-8')
      .send(page)
  })
}
