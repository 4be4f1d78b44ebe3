import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyPluginAsync } from 'fastify'
import { discoveryRoutes } from './discovery-routes.ts'
import { createGroups } from '../groups.ts'
import type { Directory, Provisioning, StoredGroup, TokenVerifier } from '../ports.ts'
import type { Resources } from '../resources.ts'
import { createUsers, type Patience } from '../users.ts'
import { logAccess } from './access-log.ts'
import { createAcknowledgements } from './acknowledgement.ts'
import { authenticate, type FailedAttempts } from './authentication.ts'
import { type BulkLimits, bulkRoutes } from './bulk-routes.ts'
import { createCursors } from './cursors.ts'
import { answerErrors } from './error-answers.ts'
import { rootRoutes } from './list-routes.ts'
import { type BodyLimits, speakScimJson } from './media-types.ts'
import { createOffers, offerRoutes } from './offer-routes.ts'
import { baseUrlFor, type PageLimits } from './requests.ts'
import { resourceRoutes } from './resource-routes.ts'
import { notImplemented } from './endpoints.ts'
import { boundAnswers, limitRates, type RateLimits } from './throttle.ts'

interface ScimLimits extends BodyLimits, BulkLimits, PageLimits, RateLimits {
  readonly failedAttempts: FailedAttempts
}

export interface ScimOptions {
  readonly verifyToken: TokenVerifier
  readonly directory: Directory
  readonly provisioning: Provisioning
  /** Origin under which identity providers reach the gateway; without it, each request's own host. */
  readonly publicUrl?: string | undefined
  readonly limits?: Partial<ScimLimits> | undefined
  /** What cursors are sealed with: the same in every process that serves the directories. Default: of this process alone. */
  readonly cursorSecret?: Uint8Array | undefined
  /** How long an identical create waits for the first one. */
  readonly patience?: Patience | undefined
  /** Resource types beside User and Group. */
  readonly resourceTypes?: readonly Resources<StoredGroup>[] | undefined
}

const defaultLimits: ScimLimits = {
  bodyBytes: 1024 * 1024,
  depth: 32,
  maxOperations: 1_000,
  bulkBudgetMs: 30_000,
  defaultCount: 100,
  maxCount: 500,
  cursorTimeout: 3_600,
  requestsPerSecond: 500,
  failedAttempts: { max: 30, windowMs: 60_000 },
}

const defaultPatience: Patience = { budgetMs: 8_000, wait: async (ms) => sleep(ms) }

/**
 * The SCIM 2.0 service provider, registered under its base path. Encapsulated: its media types, errors and
 * authentication do not leak to other routes. The token selects the directory; the base URL is the same for all.
 */
export const scimPlugin: FastifyPluginAsync<ScimOptions> = async (app, options) => {
  const {
    directory,
    provisioning,
    verifyToken,
    publicUrl,
    patience = defaultPatience,
    resourceTypes = [],
  } = options
  const limits = { ...defaultLimits, ...options.limits }
  const ports = { directory, provisioning, log: app.log }
  const cursors = createCursors(options.cursorSecret ?? randomBytes(32), limits.cursorTimeout)
  const routes = {
    baseUrl: baseUrlFor(publicUrl, app.prefix),
    pages: limits,
    cursors,
    acknowledgeWhenSent: createAcknowledgements(app),
    answers: boundAnswers(app),
  }

  const origin = baseUrlFor(publicUrl, '')
  answerErrors(app, { ...limits, origin, baseUrl: routes.baseUrl })
  logAccess(app)
  speakScimJson(app, limits)
  await authenticate(app, verifyToken, limits.failedAttempts)
  limitRates(app, limits)

  const users = createUsers(ports, patience)
  const groups = createGroups(ports)
  const offers = createOffers(directory)
  const models = [users, groups, ...offers, ...resourceTypes].map(({ model }) => model)
  discoveryRoutes(app, { ...routes, limits, models })
  resourceRoutes(app, users, routes)
  resourceRoutes(app, groups, routes)
  for (const type of resourceTypes) resourceRoutes(app, type, routes)
  for (const offer of offers) offerRoutes(app, offer, routes)
  bulkRoutes(app, {
    ...routes,
    origin,
    limits,
    provisioning,
    types: (patient) => {
      const own = { ...ports, provisioning: patient }
      return [createUsers(own, patience), createGroups(own), ...resourceTypes]
    },
  })

  rootRoutes(app, [users, groups, ...resourceTypes], routes)

  notImplemented(app, '/Me', 'A provisioning token stands for no User')
}

/**
 * How long and how large connections and requests may be: a client that sends slowly, or holds a connection open, does not keep
 * others out. Milliseconds.
 */
export const serverLimits = {
  /** For a whole request to arrive. */
  requestTimeout: 30_000,
  /** Nothing moves on the connection, in either direction; longer than any answer takes. */
  connectionTimeout: 120_000,
  /** Longest id in an address; a base URL that ends in a slash makes doubled ones. */
  routerOptions: { maxParamLength: 512, ignoreDuplicateSlashes: true },
  http: {
    /** For its headers to arrive. */
    headersTimeout: 15_000,
    /** How often late requests are looked for. */
    connectionsCheckingInterval: 5_000,
    /** Of address and headers together, in bytes. */
    maxHeaderSize: 16_384,
  },
} as const
