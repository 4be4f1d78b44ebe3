import { randomBytes } from 'node:crypto'

/** A secret of 256 bits, with a prefix by which scanners of repositories and logs find one that leaked. */
export const newSecret = (kind: 'scim' | 'operator'): string =>
  `drawbridge_${kind}_${randomBytes(32).toString('base64url')}`

/** The instant after so many seconds from now; undefined for ever. */
export function expiryAfter(seconds: number | undefined, now = Date.now()): string | undefined {
  return seconds === undefined ? undefined : new Date(now + seconds * 1_000).toISOString()
}
