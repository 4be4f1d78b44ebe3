import type { FastifyRequest } from 'fastify'
import type { Actor, VerifiedToken } from '../../ports.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The directory that the bearer token selected; null before authentication. */
    verifiedToken: VerifiedToken | null
  }
}

/** The authenticated request's directory. */
export function directoryOf(request: FastifyRequest): VerifiedToken {
  if (!request.verifiedToken) throw new Error('a SCIM route ran without authentication')
  return request.verifiedToken
}

export function actorOf(request: FastifyRequest): Actor {
  const directory = directoryOf(request)
  return { directory, actor: `token:${directory.tokenName ?? 'unnamed'}`, requestId: request.id }
}

/** Where clients reach the service provider, without a slash at the end. */
export type BaseUrl = (request: FastifyRequest) => string

/** The configured address, which no `Host` header can change; without one, the address that the client used. */
export function baseUrlFor(publicUrl: string | undefined, prefix: string): BaseUrl {
  const configured = publicUrl?.replace(/\/+$/, '')
  return (request) => (configured ?? `${request.protocol}://${request.host || 'localhost'}`) + prefix
}
