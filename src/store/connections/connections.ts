import { GatewayError } from '../../model/errors.ts'
import type { AccountFailure, ConnectionStore, ResolvedProfile } from '../../model/work.ts'
import type { EntitlementKind } from '../../model/capabilities.ts'
import { gateway } from '../directory/events.ts'
import { json, milliseconds, raw, type Sql, sql } from '../sql/statement.ts'
import type { ApiProfile, Entitlement, Scope } from '../../model/account.ts'

export function createConnectionStore(db: Sql): ConnectionStore {
  return {
    park: (id, reason, revision) => park(db, id, reason, revision),
    pause: (id, pathClass, waitMs) => pause(db, id, pathClass, waitMs),
    keepTenant: (id, tenant) => keepTenant(db, id, tenant),
    profile: (id) => profile(db, id),
    keepProfile: (id, resolved) => keepProfile(db, id, resolved),
    catalogue: (id) => catalogue(db, id),
    keepCatalogue: (id, entries) => keepCatalogue(db, id, entries),
    keepReplyDeviations: (id, found) => keepReplyDeviations(db, id, found),
  }
}

async function park(db: Sql, id: string, reason: AccountFailure, revision?: number): Promise<boolean> {
  const row = await db.row(sql`
    WITH parked AS (
      UPDATE connections SET status = 'parked', parked_at = clock_timestamp(), parked_reason = ${json(reason)}
      WHERE id = ${id}::uuid AND status NOT IN ('parked', 'disabled')
        AND revision = coalesce(${revision ?? null}::int, revision) RETURNING id, directory_id
    ), told AS (
      INSERT INTO events (directory_id, actor, action, resource_type, resource_id, detail)
      SELECT directory_id, ${gateway.actor}::text, 'connection.parked', 'Connection', id::text, ${json({ reason })} FROM parked
    )
    SELECT id FROM parked`)
  return row !== undefined
}

/** A later pause of one class never shortens another's. */
async function pause(db: Sql, id: string, pathClass: string, waitMs: number): Promise<void> {
  await db.rows(sql`
    UPDATE connections SET paused_until = greatest(paused_until, clock_timestamp() + ${milliseconds(waitMs)}),
      pauses = pauses || jsonb_build_object(${pathClass}::text, clock_timestamp() + ${milliseconds(waitMs)})
    WHERE id = ${id}::uuid`)
}

async function keepTenant(db: Sql, id: string, tenant: string): Promise<void> {
  const row = await db.row<{ tenant_id: string; name: string }>(sql`
    UPDATE connections SET tenant_id = coalesce(tenant_id, ${tenant}::text),
      status = CASE WHEN status = 'new' AND coalesce(tenant_id, ${tenant}::text) = ${tenant}::text THEN 'ready' ELSE status END
    WHERE id = ${id}::uuid RETURNING tenant_id, name`)
  if (!row || row.tenant_id === tenant) return
  if (isFormerName(row.tenant_id, tenant)) return renameTenant(db, id, row.tenant_id, tenant)
  throw tenantChanged(row.name, row.tenant_id, tenant)
}

/** Release 0.1.0 knew the organizations of a Sentry of one's own without their host: `sentry:1`, now `sentry:host/1`. */
export function isFormerName(before: string, now: string): boolean {
  const [vendor, id = ''] = before.split(/:(.*)/s)
  return id !== '' && !id.includes('/') && now.startsWith(`${vendor}:`) && now.endsWith(`/${id}`)
}

async function renameTenant(db: Sql, id: string, before: string, now: string): Promise<void> {
  await db.transaction(async (tx) => {
    for (const table of ['accounts', 'group_links'])
      await tx.rows(sql`UPDATE ${raw(table)} SET vendor_tenant = ${now}::text
        WHERE connection_id = ${id}::uuid AND vendor_tenant = ${before}::text`)
    await tx.rows(sql`UPDATE connections SET tenant_id = ${now}::text, status = CASE WHEN status = 'new' THEN 'ready' ELSE status END
      WHERE id = ${id}::uuid AND tenant_id = ${before}::text`)
  })
}

export const tenantChanged = (name: string, before: string, now: string): GatewayError =>
  new GatewayError(
    'TENANT_CHANGED',
    `connection ${name} leads to tenant ${now} now, and its accounts are in ${before}: restore its settings and credentials, or add a connection of another name for the other tenant`,
  )

async function profile(db: Sql, id: string): Promise<ResolvedProfile | undefined> {
  const row = await db.row<{ profile: ApiProfile; at: Date }>(sql`
    SELECT resolved_profile AS profile, resolved_at AS at FROM connections
    WHERE id = ${id}::uuid AND resolved_profile IS NOT NULL`)
  return row && { profile: row.profile, at: row.at.toISOString() }
}

async function keepProfile(db: Sql, id: string, resolved: ApiProfile): Promise<void> {
  await db.rows(sql`
    UPDATE connections SET resolved_profile = ${resolved}::text, resolved_at = clock_timestamp() WHERE id = ${id}::uuid`)
}

interface EntitlementRow {
  readonly kind: EntitlementKind
  readonly id: string
  readonly scope_level: string
  readonly scope_id: string
  readonly name: string
  readonly privileged: boolean
  readonly home: boolean
  readonly scope_name: string | null
  readonly refused: string | null
}

async function catalogue(db: Sql, connectionId: string): ReturnType<ConnectionStore['catalogue']> {
  const fetched = await db.row<{ age_ms: number; entries: EntitlementRow[] }>(sql`
    SELECT (extract(epoch FROM clock_timestamp() - c.catalogue_fetched_at) * 1000)::double precision AS age_ms,
      (SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.position), '[]') FROM entitlements e WHERE e.connection_id = c.id) AS entries
    FROM connections c WHERE c.id = ${connectionId}::uuid AND c.catalogue_fetched_at IS NOT NULL`)
  return fetched && { ageMs: Math.max(0, fetched.age_ms), entries: fetched.entries.map(toEntitlement) }
}

function toEntitlement({
  kind,
  id,
  scope_level: level,
  scope_id: scopeId,
  name,
  privileged,
  home,
  scope_name: scopeName,
  refused,
}: EntitlementRow): Entitlement {
  return {
    kind,
    id,
    name,
    ...(level === '' ? {} : { scope: { level: level as Scope['level'], id: scopeId } }),
    ...(scopeName === null ? {} : { scopeName }),
    ...(privileged ? { privileged } : {}),
    ...(home ? { home } : {}),
    ...(refused === null ? {} : { refused }),
  }
}

/** Fields of a connection that are kept at most. */
const mostFields = 200

async function keepReplyDeviations(
  db: Sql,
  id: string,
  found: Parameters<ConnectionStore['keepReplyDeviations']>[1],
): Promise<void> {
  await db.rows(sql`
    UPDATE connections c SET reply_deviations = c.reply_deviations || (
      SELECT coalesce(jsonb_object_agg(n.key, jsonb_build_object('route', n.route, 'field', n.field,
        'count', n.count + coalesce((c.reply_deviations->n.key->>'count')::int, 0),
        'since', coalesce(c.reply_deviations->n.key->'since', to_jsonb(clock_timestamp())), 'lastAt', clock_timestamp())), '{}')
      FROM (SELECT f.route || ' ' || f.field AS key, f.* FROM jsonb_to_recordset(${json(found)}) f(route text, field text, count int)) n
      WHERE c.reply_deviations ? n.key
        OR (SELECT count(*) FROM jsonb_object_keys(c.reply_deviations)) < ${mostFields}::int)
    WHERE c.id = ${id}::uuid`)
}

async function keepCatalogue(db: Sql, connectionId: string, entries: readonly Entitlement[]): Promise<void> {
  const rows = entries.map(({ kind, id, scope, scopeName, name, privileged, home, refused }, position) => ({
    kind,
    id,
    scope_level: scope?.level ?? '',
    scope_id: scope?.id ?? '',
    name,
    privileged: privileged ?? false,
    home: home ?? false,
    scope_name: scopeName ?? null,
    refused: refused ?? null,
    position,
  }))
  await db.transaction(async (tx) => {
    await tx.rows(
      sql`UPDATE connections SET catalogue_fetched_at = clock_timestamp() WHERE id = ${connectionId}::uuid`,
    )
    await tx.rows(sql`DELETE FROM entitlements WHERE connection_id = ${connectionId}::uuid`)
    await tx.rows(sql`
      INSERT INTO entitlements (connection_id, kind, id, scope_level, scope_id, name, privileged, home, scope_name, refused, position)
      SELECT ${connectionId}::uuid, e.* FROM jsonb_to_recordset(${json(rows)})
        e(kind text, id text, scope_level text, scope_id text, name text, privileged boolean, home boolean, scope_name text, refused text, position int)
      ON CONFLICT DO NOTHING`)
  })
}
