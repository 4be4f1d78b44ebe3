/** Seconds since the epoch at which a token ends, where it says so itself (JWT `exp`, RFC 7519 §4.1.4). */
export function endOf(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    const ends = (claims as { readonly exp?: unknown }).exp
    return typeof ends === 'number' ? ends : undefined
  } catch {
    return undefined
  }
}

/** The same as an ISO 8601 instant; undefined also where there is no token, or no such time. */
export function endsAt(token: string | undefined): string | undefined {
  const seconds = token === undefined ? undefined : endOf(token)
  const ends = new Date((seconds ?? Number.NaN) * 1_000)
  return Number.isNaN(ends.getTime()) ? undefined : ends.toISOString()
}
