import type { FastifyPluginAsync } from 'fastify'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGroups } from '../groups.ts'
import type { Directory, Provisioning, TokenVerifier } from '../ports.ts'
import { createUsers, type Patience } from '../users.ts'
import { logAccess } from './reply/access-log.ts'
import { authenticate, type FailedAttempts } from './request/authentication.ts'
import { baseUrlFor } from './request/context.ts'
import { discoveryRoutes } from '../discovery/routes.ts'
import { notImplemented } from './endpoints.ts'
import { answerErrors } from './reply/error-answers.ts'
import { type BodyLimits, speakScimJson } from './media-types.ts'
import type { PageLimits } from './request/query-parameters.ts'
import { resourceRoutes } from './resource-routes.ts'

export interface ScimLimits extends BodyLimits, PageLimits {
  readonly failedAttempts: FailedAttempts
}

export interface ScimOptions {
  readonly verifyToken: TokenVerifier
  readonly directory: Directory
  readonly provisioning: Provisioning
  /** Origin under which identity providers reach the gateway; without it, each request's own host. */
  readonly publicUrl?: string | undefined
  readonly limits?: Partial<ScimLimits> | undefined
  /** How long an identical create waits for the first one. */
  readonly patience?: Patience | undefined
}

const defaultLimits: ScimLimits = {
  bodyBytes: 1024 * 1024,
  depth: 32,
  defaultCount: 100,
  maxCount: 500,
  failedAttempts: { max: 30, windowMs: 60_000 },
}

const defaultPatience: Patience = { budgetMs: 8_000, wait: async (ms) => sleep(ms) }

/**
 * The SCIM 2.0 service provider, registered under its base path. Encapsulated: its media types, errors and
 * authentication do not leak to other routes. The token selects the directory; the base URL is the same for all.
 */
export const scimPlugin: FastifyPluginAsync<ScimOptions> = async (app, options) => {
  const { directory, provisioning, verifyToken, publicUrl, patience = defaultPatience } = options
  const limits = { ...defaultLimits, ...options.limits }
  const ports = { directory, provisioning, log: app.log }
  const routes = { baseUrl: baseUrlFor(publicUrl, app.prefix), pages: limits }

  answerErrors(app)
  logAccess(app)
  speakScimJson(app, limits)
  await authenticate(app, verifyToken, limits.failedAttempts)

  discoveryRoutes(app, routes)
  resourceRoutes(app, createUsers(ports, patience), routes)
  resourceRoutes(app, createGroups(ports), routes)

  notImplemented(app, '/Me', 'A provisioning token stands for no User')
  notImplemented(app, '/Bulk', 'Bulk operations are not supported')
  notImplemented(app, '/.search', 'Searches over all resource types are not supported')
  notImplemented(app, '/', 'Queries over all resource types are not supported')
}
