import Fastify, { LogController, type FastifyInstance } from 'fastify'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import type { Environment } from '../model/configuration.ts'
import { answerClientError, answerFrameworkError } from '../scim/http/error-answers.ts'
import { serverLimits } from '../scim/http/plugin.ts'

/** A server without routes, with TLS where the environment names a certificate. */
export function createServer({ trustProxy, tls }: Environment, log: Logger): FastifyInstance {
  const https = tls && { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }
  const { http, ...limits } = serverLimits
  const options = {
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy,
    ...limits,
    genReqId: () => randomUUID(),
    // Each line says of itself which request it is about.
    childLoggerFactory: () => log,
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerClientError,
    // Open keep-alive connections must not hold up a stop; `endIdle` sees to those that were at work when it began.
    forceCloseConnections: 'idle',
  } as const
  // Fastify's types differ by server; the routes do not.
  const server = https ? Fastify({ ...options, https: { ...http, ...https } }) : Fastify({ ...options, http })
  return endIdle(server as unknown as FastifyInstance)
}

const endIdleEveryMs = 50

/** Kept alive after its last answer, a connection would hold up the stop for as long as its client likes. */
function endIdle(app: FastifyInstance): FastifyInstance {
  return app.addHook('preClose', (done) => {
    const timer = setInterval(() => app.server.closeIdleConnections(), endIdleEveryMs)
    app.server.once('close', () => clearInterval(timer))
    done()
  })
}
