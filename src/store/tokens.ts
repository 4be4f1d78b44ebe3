import { randomBytes } from 'node:crypto'
import type { TokenVerifier, VerifiedToken } from '../scim/ports.ts'
import { hashOf } from './connections/configuration.ts'
import { type Sql, sql } from './sql/statement.ts'
import type { ClientProfile } from '../model/directory.ts'

/** A secret of 32 bytes that all processes on this store share; made when it is first asked for. */
export async function keptSecret(db: Sql, name: string): Promise<Uint8Array> {
  const made = randomBytes(32).toString('base64url')
  await db.rows(
    sql`INSERT INTO store_meta (key, value) VALUES (${name}::text, ${made}::text) ON CONFLICT (key) DO NOTHING`,
  )
  const row = await db.row<{ value: string }>(sql`SELECT value FROM store_meta WHERE key = ${name}::text`)
  if (!row) throw new Error(`store_meta has no ${name}`)
  return Buffer.from(row.value, 'base64url')
}

/** How long an answer is kept: so long may a revoked token still work in a running process. */
const keptMs = 5_000
const mostKept = 1_000

interface Kept {
  readonly token: VerifiedToken
  readonly until: number
}

interface TokenRow {
  readonly id: string
  readonly name: string
  readonly client: ClientProfile
  readonly domains: readonly string[]
  readonly token_name: string
  readonly expires_in_ms: number | null
}

export interface TokenKeeper {
  readonly verify: TokenVerifier
  /** A change of tokens is believed at once. */
  forget(): void
}

/** Compares hashes only; an unknown secret is looked up each time, a known one each five seconds. */
export function createTokenVerifier(db: Sql, now: () => number = Date.now): TokenKeeper {
  const kept = new Map<string, Kept>()
  const verify: TokenVerifier = async (secret) => {
    const hash = hashOf(secret)
    const known = kept.get(hash)
    if (known && known.until > now()) return known.token
    kept.delete(hash)
    const row = await db.row<TokenRow>(lookUp(hash))
    if (!row) return undefined
    const token = {
      id: row.id,
      name: row.name,
      client: row.client,
      domains: row.domains,
      tokenName: row.token_name,
    }
    if (kept.size >= mostKept) kept.clear()
    kept.set(hash, { token, until: now() + Math.min(keptMs, row.expires_in_ms ?? keptMs) })
    return token
  }
  return { verify, forget: () => kept.clear() }
}

/** Notes the use at most once a minute. */
const lookUp = (hash: string) => sql`
  WITH token AS (
    SELECT t.id, t.name, t.directory_id, t.expires_at FROM tokens t
    WHERE t.hash = ${hash}::text AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
  ), used AS (
    UPDATE tokens SET last_used_at = now() FROM token
    WHERE tokens.id = token.id AND (tokens.last_used_at IS NULL OR tokens.last_used_at < now() - interval '1 minute')
  )
  SELECT d.id, d.name, d.client, d.domains, token.name AS token_name,
    (extract(epoch FROM token.expires_at - now()) * 1000)::double precision AS expires_in_ms
  FROM token JOIN directories d ON d.id = token.directory_id`
