import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Level, SentineloneState, SimUser } from './state.ts'

/** A refusal in the console's form; thrown by the routes. Codes are the status times 10,000 and a number. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly code: number
  readonly title: string
  readonly headers: Readonly<Record<string, string>>
  constructor(
    status: number,
    title: string,
    detail: string,
    more: { code?: number; headers?: Record<string, string> } = {},
  ) {
    super(detail)
    this.status = status
    this.title = title
    this.code = more.code ?? status * 10_000 + 10
    this.headers = more.headers ?? {}
  }
}

export function refuse(reply: FastifyReply, { status, title, code, message, headers }: Refusal) {
  return reply
    .code(status)
    .headers(headers)
    .send({ errors: [{ code, title, detail: message }] })
}

export const invalid = (detail: string): Refusal => new Refusal(400, 'Validation Error', detail)
export const missing = (): Refusal => new Refusal(404, 'Not found', 'The requested resource was not found')
export const notPermitted = (): Refusal =>
  new Refusal(403, 'Forbidden', 'Insufficient permissions to perform this action')

/** Requests a second and burst, by path, per token; as SentinelOne's Go SDK has them. */
const limits: readonly [path: RegExp, perSecond: number, burst: number][] = [
  [/\/user$/, 2, 5],
  [/\/users/, 40, 80],
  [/\/(rbac|user-roles)/, 50, 100],
  [/\/(accounts|sites)/, 100, 10],
]

export interface Actor {
  readonly user: SimUser
  readonly level: Level
  /** Ids of accounts or sites. */
  readonly ids: readonly string[]
}

/** Whoever the token belongs to: it has their role and their scope. */
export function actorOf(state: SentineloneState, request: FastifyRequest): Actor {
  const [scheme, secret = ''] = (request.headers.authorization ?? '').split(' ')
  const token = scheme === 'ApiToken' ? state.tokens.get(secret) : undefined
  const user = token && state.users.get(token.userId)
  if (!user?.isActive || token!.expiresAt <= state.now()) {
    throw new Refusal(401, 'Authentication Failed', 'Authentication Failed')
  }
  if (state.toggles.limits) draw(state, secret, request.url.split('?')[0] ?? '')
  return { user, level: user.scope, ids: user.scopeRoles.map(({ id }) => id) }
}

function draw({ buckets, toggles, now }: SentineloneState, secret: string, path: string): void {
  const limit = limits.find(([pattern]) => pattern.test(path))
  if (!limit) return
  const [pattern, perSecond, burst] = scaled(limit, Number(toggles.limits))
  const key = `${secret} ${pattern.source}`
  const { tokens, at } = buckets.get(key) ?? { tokens: burst, at: now() }
  const filled = Math.min(burst, tokens + ((now() - at) / 1000) * perSecond)
  buckets.set(key, { tokens: Math.max(0, filled - 1), at: now() })
  if (filled >= 1) return
  const headers = toggles.retryAfter === 'seconds' ? { 'retry-after': '1' } : {}
  throw new Refusal(429, 'Too many requests', 'Rate limit exceeded', { headers })
}

function scaled([pattern, perSecond, burst]: (typeof limits)[number], factor: number) {
  return [pattern, perSecond * factor, burst * factor] as const
}

/** Only administrators change users. */
export function demandAdmin(state: SentineloneState, { user }: Actor): void {
  const admin = state.roleId('Admin')
  if (!user.scopeRoles.some(({ roleId }) => roleId === admin)) throw notPermitted()
}

export function accountsOf({ sites }: SentineloneState, { scope, scopeRoles }: SimUser): readonly string[] {
  if (scope === 'tenant') return []
  if (scope === 'account') return scopeRoles.map(({ id }) => id)
  return scopeRoles.flatMap(({ id }) => sites.find((site) => site.id === id)?.accountId ?? [])
}

export function isVisible(state: SentineloneState, actor: Actor, user: SimUser): boolean {
  if (actor.level === 'tenant') return true
  if (actor.level === 'account') return accountsOf(state, user).some((id) => actor.ids.includes(id))
  return user.scope === 'site' && user.scopeRoles.some(({ id }) => actor.ids.includes(id))
}

/** A user by id, as far as the token reaches. */
export function userFor(state: SentineloneState, actor: Actor, id: string): SimUser {
  const user = state.users.get(id)
  if (!user) throw missing()
  if (isVisible(state, actor, user)) return user
  const { outOfScope, profile } = state.toggles
  throw outOfScope === 404 || profile === 'guide' ? missing() : notPermitted()
}
