import { type Sql, sql } from '../../store/sql/statement.ts'

/** Something that ends at an instant, and stops the gateway or somebody who uses it. */
export interface Expiry {
  /** Credentials of a vendor, a token of an identity provider, a token of an operator. */
  readonly kind: 'vendor' | 'scim' | 'operator'
  readonly id: string
  /** `<directory>/<name>`; of an operator the name. */
  readonly name: string
  /** Of a token: tells those of one name apart. */
  readonly hint?: string
  /** ISO 8601 instant. */
  readonly endsAt: string
}

export type ExpiryStore = ReturnType<typeof createExpiryStore>

export function createExpiryStore(db: Sql) {
  return {
    keepCredentialsEnd: (connectionId: string, endsAt: string | undefined) =>
      keepCredentialsEnd(db, connectionId, endsAt),
    list: () => expiries(db),
  }
}

/** When the credentials of a connection end; undefined: it cannot be told. */
export async function keepCredentialsEnd(
  db: Sql,
  connectionId: string,
  endsAt: string | undefined,
): Promise<void> {
  await db.rows(sql`
    UPDATE connections SET credentials_end_at = ${endsAt ?? null}::timestamptz
    WHERE id = ${connectionId}::uuid AND credentials_end_at IS DISTINCT FROM ${endsAt ?? null}::timestamptz(3)`)
}

/** A rotated secret ends before its successor, and nobody waits for it. */
const outlived = sql`EXISTS (SELECT FROM tokens o WHERE o.directory_id = t.directory_id AND o.name = t.name AND o.id <> t.id
  AND o.revoked_at IS NULL AND coalesce(o.expires_at, 'infinity') > t.expires_at)`
const recent = sql`t.revoked_at IS NULL AND t.expires_at > now() - interval '30 days'`

/**
 * Everything that ends, soonest first. Left out are tokens that were revoked, that another one of the same name outlives, or
 * that ended a month ago.
 */
export async function expiries(db: Sql): Promise<readonly Expiry[]> {
  const rows = await db.rows<Omit<Expiry, 'hint' | 'endsAt'> & { hint: string | null; ends_at: Date }>(sql`
    SELECT 'vendor' AS kind, c.id::text AS id, d.name || '/' || c.name AS name, NULL AS hint, c.credentials_end_at AS ends_at
    FROM connections c JOIN directories d ON d.id = c.directory_id WHERE c.credentials_end_at IS NOT NULL
    UNION ALL
    SELECT 'scim', t.id::text, d.name || '/' || t.name, t.hint, t.expires_at
    FROM tokens t JOIN directories d ON d.id = t.directory_id WHERE ${recent} AND NOT ${outlived}
    UNION ALL
    SELECT 'operator', t.id::text, t.name, t.hint, t.expires_at FROM operators t WHERE ${recent}
    ORDER BY ends_at`)
  return rows.map(({ hint, ends_at, ...row }) => ({
    ...row,
    ...(hint === null ? {} : { hint }),
    endsAt: ends_at.toISOString(),
  }))
}
