import type { FastifyRequest } from 'fastify'
import type { SimMember, SimToken, SentryState } from './state.ts'

/** Thrown by a route, answered as it is. */
export class Refusal extends Error {
  readonly status: number
  readonly body: unknown
  constructor(status: number, body: unknown) {
    super(`refused with ${status}`)
    this.status = status
    this.body = body
  }
}

export const says = (status: number, detail: string): Refusal => new Refusal(status, { detail })
export const notFound = (): Refusal => says(404, 'The requested resource does not exist')

/** Lowest first; the rank decides who may manage whom. */
export const ranks = ['billing', 'member', 'admin', 'manager', 'owner'] as const

export function rankOf(role: string): number {
  return (ranks as readonly string[]).indexOf(role)
}

export interface Actor {
  readonly token: SimToken
  /** The member behind a user token. */
  readonly member: SimMember | undefined
  has(...anyOf: readonly string[]): boolean
  /** Organization roles that the actor may give and take. */
  readonly allowedRoles: readonly string[]
}

export function actorOf(request: FastifyRequest, state: SentryState): Actor {
  const [scheme, secret = ''] = (request.headers.authorization ?? '').split(' ')
  const token = scheme === 'Bearer' ? state.tokens.get(secret) : undefined
  if (!token) throw says(401, 'Invalid token')
  const member = token.memberId === undefined ? undefined : state.members.get(token.memberId)
  // A user token dies with its user's membership.
  if (token.kind === 'user' && !member) throw says(401, 'Invalid token')
  const rank = member ? rankOf(member.orgRole) : -1
  return {
    token,
    member,
    has: (...anyOf) => anyOf.some((scope) => token.scopes.includes(scope)),
    allowedRoles: ranks.filter((role) => rankOf(role) <= rank),
  }
}

export function demand(actor: Actor, ...anyOf: readonly string[]): void {
  if (!actor.has(...anyOf)) throw says(403, 'You do not have permission to perform this action.')
}

export function isManager(member: SimMember | undefined): boolean {
  return member?.orgRole === 'owner' || member?.orgRole === 'manager'
}
