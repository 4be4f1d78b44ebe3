import Fastify, { LogController, type FastifyInstance } from 'fastify'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { createSecureContext } from 'node:tls'
import type { Environment } from '../model/configuration.ts'
import { GatewayError } from '../model/errors.ts'
import { answerClientError, answerFrameworkError } from '../scim/http/error-answers.ts'
import { serverLimits } from '../scim/http/plugin.ts'

/** A server without routes, with TLS where the environment names a certificate. */
export function createServer({ trustProxy, tls }: Environment, log: Logger): FastifyInstance {
  const https = tls && certificateOf(tls)
  const { http, ...limits } = serverLimits
  const options = {
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: trustProxy === true ? nearestOnly : trustProxy,
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

/**
 * Of a forwarding header only what the nearest proxy has written: what is before it a client may have made up, to be somebody
 * else at each of its attempts.
 */
const nearestOnly = (_address: string, hop: number): boolean => hop === 0

/** Rejects with a `GatewayError` when the two files do not make a certificate. */
function certificateOf({ certFile, keyFile }: NonNullable<Environment['tls']>) {
  try {
    const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
    createSecureContext(pair)
    return pair
  } catch (cause) {
    const { code = 'unknown reason' } = cause as NodeJS.ErrnoException
    throw new GatewayError(
      'TLS_UNUSABLE',
      `TLS_CERT and TLS_KEY cannot be used (${code}): they must name a certificate and its key, both PEM, that this user may read`,
      { cause },
    )
  }
}

/** Listens; gives the address. Rejects with a `GatewayError` when that is not possible there. */
export async function listenAt(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (cause) {
    switch ((cause as NodeJS.ErrnoException).code) {
      case 'EADDRINUSE':
        throw new GatewayError(
          'PORT_IN_USE',
          `port ${port} of ${host} is taken: stop what listens there, or set PORT to another one`,
          { cause },
        )
      case 'EADDRNOTAVAIL':
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        throw new GatewayError(
          'HOST_NOT_LOCAL',
          `${host} is no address of this machine: set HOST to one, such as 127.0.0.1, or to 0.0.0.0 for all of them`,
          { cause },
        )
      case 'EACCES':
        throw new GatewayError(
          'PORT_NOT_ALLOWED',
          `this user may not listen on port ${port}: set PORT to 1024 or above, or let it`,
          { cause },
        )
      default:
        throw cause
    }
  }
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
