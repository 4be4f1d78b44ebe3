import type { FastifyRequest } from 'fastify'
import { ScimError } from '../../errors.ts'
import type { Precondition } from '../../ports.ts'

interface Versioned {
  readonly version: number
}

/** `meta.version` and `ETag` of a resource (RFC 7644 §3.14): of its state, so a projection does not change it. */
export function versionTag({ version }: Versioned): string {
  return `W/"${version}"`
}

/** What `If-Match` demands of the state that a write meets; undefined without that header. */
export function preconditionOf({ headers }: FastifyRequest): Precondition | undefined {
  const demanded = headers['if-match']
  return demanded === undefined ? undefined : demandVersion(demanded)
}

/** The same for a version that came another way. */
export function demandVersion(demanded: string): Precondition {
  return (current) => {
    if (namesVersion(demanded, current)) return
    throw new ScimError(412, `The resource is at version ${versionTag(current)} now. Read it again.`)
  }
}

/** Whether the client has this state already (`If-None-Match`). */
export function hasAlready({ headers }: FastifyRequest, current: Versioned): boolean {
  const known = headers['if-none-match']
  return known !== undefined && namesVersion(known, current)
}

/** Compared weakly, because SCIM versions are weak tags; clients that drop the `W/` are understood. */
function namesVersion(header: string, current: Versioned): boolean {
  if (header.trim() === '*') return true
  const wanted = opaque(versionTag(current))
  return header.split(',').some((tag) => opaque(tag) === wanted)
}

function opaque(tag: string): string {
  return tag
    .trim()
    .replace(/^W\//i, '')
    .replace(/^"(.*)"$/, '$1')
}
