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
