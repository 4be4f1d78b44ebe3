import Fastify, { LogController, type FastifyInstance } from 'fastify'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import type { Environment } from '../config/model.ts'
import { answerClientError } from '../scim/http/reply/client-errors.ts'
import { answerFrameworkError } from '../scim/http/reply/error-answers.ts'
import { serverLimits } from '../scim/http/server-limits.ts'

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
    // Open keep-alive connections must not hold up a stop.
    forceCloseConnections: 'idle',
  } as const
  // Fastify's types differ by server; the routes do not.
  const server = https ? Fastify({ ...options, https: { ...http, ...https } }) : Fastify({ ...options, http })
  return server as unknown as FastifyInstance
}
