import type { ApiProfile } from '../../model/account.ts'
import type { ConnectionConfig } from '../../model/configuration.ts'
import { GatewayError } from '../../model/errors.ts'
import type { Change } from '../../model/operator.ts'
import type { Policy } from '../../model/policy.ts'
import type { Keyring, Place, Sealed, Secrets } from '../../secrets/keyring.ts'
import { isUnbound } from '../../secrets/keyring.ts'
import { configurationLock, planningPart } from '../../store/connections/configuration.ts'
import { detach, type Detached } from '../../store/connections/detach.ts'
import { isSame } from '../../store/connections/difference.ts'
import { enlist, enlistRest, replan } from '../../store/connections/enlist.ts'
import { remind } from '../../store/directory/due.ts'
import { recordEvent } from '../../store/directory/events.ts'
import { isId, json, newId, type Sql, sql, type Statement } from '../../store/sql/statement.ts'

/** A connection that an operator made, with its credentials as they are kept. */
export interface ManagedConnection {
  readonly id: string
  readonly directoryId: string
  readonly directory: string
  readonly name: string
  readonly vendor: string
  readonly apiProfile: 'auto' | ApiProfile
  readonly settings: Readonly<Record<string, unknown>>
  readonly policy: Policy
  readonly revision: number
  readonly enabled: boolean
  /** Null until a target has told it. */
  readonly tenantId: string | null
  readonly credentialsRevision: number
  readonly sealed: Sealed
}

interface SealedRow extends Omit<ManagedConnection, 'sealed'> {
  readonly key: string
  readonly text: string
}

export async function managedConnections(db: Sql): Promise<readonly ManagedConnection[]> {
  const rows = await db.rows<SealedRow>(sql`
    SELECT c.id, c.directory_id AS "directoryId", d.name AS directory, c.name, c.vendor, c.api_profile AS "apiProfile",
      c.settings, c.policy, c.revision, c.status <> 'disabled' AS enabled, c.tenant_id AS "tenantId", c.credentials_revision AS "credentialsRevision",
      c.credentials_key AS key, encode(c.credentials, 'base64') AS text
    FROM connections c JOIN directories d ON d.id = c.directory_id
    WHERE c.source = 'console' AND c.credentials IS NOT NULL ORDER BY d.name, c.name`)
  return rows.map(({ key, text, ...row }) => ({
    ...row,
    sealed: { key, bytes: Buffer.from(text, 'base64') },
  }))
}

/** What changes when something does: to look often. */
export async function managedMark(db: Sql): Promise<string> {
  const row = await db.row<{ mark: string }>(sql`
    SELECT coalesce(string_agg(id::text || ' ' || revision || ' ' || (status = 'disabled'), ',' ORDER BY id), '') AS mark
    FROM connections WHERE source = 'console'`)
  return row?.mark ?? ''
}

type Credentials = Pick<ConnectionConfig, 'credentials' | 'credentialsEndAt'>

/** What is sealed: when they end goes with the credentials that it is said of. */
export const secretsOf = ({ credentials, credentialsEndAt }: Credentials): Secrets => ({
  ...credentials,
  ...(credentialsEndAt === undefined ? {} : { expiresAt: credentialsEndAt }),
})

export function credentialsOf({ expiresAt, ...credentials }: Secrets): Credentials {
  return { credentials, ...(expiresAt === undefined ? {} : { credentialsEndAt: expiresAt }) }
}

/** A connection as an operator made it. */
export interface ManagedDraft {
  readonly connection: Omit<ConnectionConfig, 'credentials'>
  /** As it was written, without credentials. */
  readonly written: Readonly<Record<string, unknown>>
}

/** Where credentials will be kept: without what the one who seals them knows. */
export type Slot = Pick<Place, 'connectionId' | 'revision'> & { readonly directoryId: string }

/** Seals the credentials for the place where they will be kept. */
export type SealAt = (slot: Slot) => Sealed

/** Where the credentials of a row are, by what the row says now. */
export function placeOf({
  id,
  credentialsRevision,
  directoryId,
  vendor,
  apiProfile,
  settings,
}: ManagedConnection): Place {
  return {
    connectionId: id,
    revision: credentialsRevision,
    destination: { directoryId, vendor, apiProfile, settings },
  }
}

/** Domains of the vendors themselves: whatever the settings say, credentials go to nobody else. */
const vendorDomains: Readonly<Record<string, RegExp>> = {
  crowdstrike: /(^|\.)crowdstrike\.(com|mil)$/,
  sentinelone: /(^|\.)sentinelone\.net$/,
  sentry: /(^|\.)sentry\.io$/,
  sisense: /(^|\.)sisense\.com$/,
}

/**
 * Opens the credentials of a row. Those of a former release are not bound to a destination, so that the row may name
 * another one by now: they open only for a host of the vendor itself. Rejects with `MASTER_KEY_MISSING`, `MASTER_KEY_WRONG` or
 * `SEAL_UNBOUND`.
 */
export function openSealed(keyring: Keyring, row: ManagedConnection): Secrets {
  if (!isUnbound(row.sealed)) return keyring.open(placeOf(row), row.sealed)
  const { baseUrl } = row.settings
  const host = typeof baseUrl === 'string' ? (URL.parse(baseUrl)?.hostname ?? '') : undefined
  if (host === undefined || vendorDomains[row.vendor]?.test(host))
    return keyring.openUnbound(placeOf(row), row.sealed)
  throw new GatewayError(
    'SEAL_UNBOUND',
    `the credentials were sealed by a release that did not note for which host, and ${host} is none of the vendor's own: enter them again`,
  )
}

/** Keeps the same credentials sealed anew, unless the row was changed meanwhile. */
export async function keepSealed(db: Sql, row: ManagedConnection, { key, bytes }: Sealed): Promise<void> {
  await db.rows(sql`
    UPDATE connections SET credentials = decode(${Buffer.from(bytes).toString('base64')}::text, 'base64'), credentials_key = ${key}::text
    WHERE id = ${row.id}::uuid AND revision = ${row.revision}::int AND credentials_revision = ${row.credentialsRevision}::int`)
}

/** A vendor took what is saved here, tried at this revision of the connection. */
export interface Tried {
  readonly revision: number
  readonly credentialsEndAt?: string
}

const base64 = ({ bytes }: Sealed): string => Buffer.from(bytes).toString('base64')

/**
 * A new connection, disabled until it was checked and enabled. Undefined when there is no such directory; rejects with
 * `NAME_TAKEN`.
 */
export function createManaged(
  db: Sql,
  directory: string,
  { connection, written }: ManagedDraft,
  seal: SealAt,
  actor: Change,
): Promise<string | undefined> {
  return db.transaction(async (tx) => {
    await tx.rows(sql`SELECT 1 AS locked FROM pg_advisory_xact_lock(${configurationLock}::bigint)`)
    const there = await tx.row<{ id: string; taken: boolean }>(sql`
      SELECT d.id, EXISTS (SELECT FROM connections c WHERE c.directory_id = d.id AND c.name = ${connection.name}::text) AS taken
      FROM directories d WHERE d.name = ${directory}::text`)
    if (!there) return undefined
    const path = `${directory}/${connection.name}`
    if (there.taken) throw new GatewayError('NAME_TAKEN', `there already is a connection ${path}`)
    const id = newId()
    const sealed = seal({ connectionId: id, revision: 1, directoryId: there.id })
    const { vendor, apiProfile, settings, policy } = connection
    await tx.rows(sql`
      WITH c AS (
        INSERT INTO connections (id, directory_id, name, vendor, api_profile, settings, policy, written, source, status,
          credentials, credentials_key)
        VALUES (${id}::uuid, ${there.id}::uuid, ${connection.name}::text, ${vendor}::text, ${apiProfile}::text, ${json(settings)},
          ${json(policy)}, ${json(written)}, 'console', 'disabled', decode(${base64(sealed)}::text, 'base64'), ${sealed.key}::text)
        RETURNING id, directory_id
      )
      ${told(actor, 'connection.created', { path, vendor, mode: policy.mode, settings })}`)
    return id
  })
}

/**
 * Other settings and policies, as of the revision that the operator saw; new credentials with `seal`, else the same ones, bound
 * to the new settings with `reseal`. Rejects with
 * `CHANGED_MEANWHILE` or `VENDOR_CHANGED`. Answers whether anything changed.
 */
export function updateManaged(
  db: Sql,
  id: string,
  { connection, written }: ManagedDraft,
  { seal, reseal }: { readonly seal?: SealAt | undefined; readonly reseal?: SealAt | undefined },
  actor: Change & { readonly revision: number },
  tried?: Tried,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const row = await lockManaged(tx, id)
    stillAt(row, actor)
    if (row.vendor !== connection.vendor)
      throw new GatewayError(
        'VENDOR_CHANGED',
        `connection ${row.path} is for ${row.vendor}: create another one for ${connection.vendor}`,
      )
    const { apiProfile, settings, policy } = connection
    const leadsElsewhere = !isSame(row.settings, settings) || row.api_profile !== apiProfile
    const plansAnew = !isSame(planningPart(row.policy), planningPart(policy))
    if (!leadsElsewhere && isSame(row.policy, policy) && isSame(row.written, written) && !seal) return false
    await tx.rows(sql`
      WITH c AS (
        UPDATE connections SET settings = ${json(settings)}, policy = ${json(policy)}, api_profile = ${apiProfile}::text,
          written = ${json(written)}, revision = revision + 1,
          checked_at = CASE WHEN NOT ${leadsElsewhere} THEN checked_at WHEN ${tried !== undefined} THEN clock_timestamp() END,
          resolved_profile = CASE WHEN ${leadsElsewhere} THEN NULL ELSE resolved_profile END,
          resolved_at = CASE WHEN ${leadsElsewhere} THEN NULL ELSE resolved_at END,
          tenant_id = CASE WHEN ${leadsElsewhere} AND status = 'disabled' THEN NULL ELSE tenant_id END
        WHERE id = ${id}::uuid RETURNING id, directory_id
      )
      ${told(actor, 'connection.changed', {
        path: row.path,
        ...(leadsElsewhere ? { checked: tried !== undefined } : {}),
        before: { settings: row.settings, policy: row.policy },
        after: { settings, policy },
      })}`)
    if (seal) await keepCredentials(tx, row, seal, actor, tried)
    else if (leadsElsewhere && reseal) await bindAgain(tx, row, reseal)
    if (leadsElsewhere) await reopen(tx, row)
    if (plansAnew && row.status !== 'disabled') await replan(tx, row.directory_id, id)
    return true
  })
}

/** Other credentials, as of a revision where one is given; a parked connection works again. Rejects with `CHANGED_MEANWHILE`. */
export function changeCredentials(
  db: Sql,
  id: string,
  seal: SealAt,
  actor: Change & { readonly revision?: number },
  tried?: Tried,
): Promise<void> {
  return db.transaction(async (tx) => {
    const row = await lockManaged(tx, id)
    const seen = tried?.revision ?? actor.revision
    if (seen !== undefined) stillAt(row, { revision: seen })
    await keepCredentials(tx, row, seal, actor, tried)
  })
}

function stillAt({ revision, path }: ManagedRow, seen: { readonly revision: number }): void {
  if (revision === seen.revision) return
  throw new GatewayError('CHANGED_MEANWHILE', `connection ${path} has been changed meanwhile: read it again`)
}

async function keepCredentials(
  tx: Sql,
  row: ManagedRow,
  seal: SealAt,
  actor: Change,
  tried: Tried | undefined,
): Promise<void> {
  const revision = row.credentials_revision + 1
  const sealed = seal({ connectionId: row.id, revision, directoryId: row.directory_id })
  await tx.rows(sql`
    WITH c AS (
      UPDATE connections SET credentials = decode(${base64(sealed)}::text, 'base64'), credentials_key = ${sealed.key}::text,
        credentials_revision = ${revision}::int, revision = revision + 1,
        checked_at = CASE WHEN ${tried !== undefined} THEN clock_timestamp() END,
        credentials_end_at = ${tried?.credentialsEndAt ?? null}::timestamptz
      WHERE id = ${row.id}::uuid RETURNING id, directory_id
    )
    ${told(actor, 'connection.credentials-changed', { path: row.path, revision, key: sealed.key, checked: tried !== undefined })}`)
  await reopen(tx, row)
}

/** The same credentials, for the settings that an operator has just changed. */
async function bindAgain(tx: Sql, row: ManagedRow, seal: SealAt): Promise<void> {
  const slot = { connectionId: row.id, revision: row.credentials_revision, directoryId: row.directory_id }
  const sealed = seal(slot)
  await tx.rows(sql`
    UPDATE connections SET credentials = decode(${base64(sealed)}::text, 'base64'), credentials_key = ${sealed.key}::text
    WHERE id = ${row.id}::uuid`)
}

async function reopen(tx: Sql, { id }: ManagedRow): Promise<void> {
  const reopened = await tx.row(sql`
    UPDATE connections SET status = CASE WHEN tenant_id IS NULL THEN 'new' ELSE 'ready' END, parked_at = NULL, parked_reason = NULL
    WHERE id = ${id}::uuid AND status = 'parked' RETURNING id`)
  if (reopened) await tx.rows(remind(sql`a.connection_id = ${id}::uuid`))
}

/** What the vendor told of a connection at this revision; false when it has changed since. */
export async function markChecked(db: Sql, id: string, revision: number, actor: Change): Promise<boolean> {
  if (!isId(id)) return false
  const row = await db.row(sql`
    WITH c AS (
      UPDATE connections SET checked_at = clock_timestamp()
      WHERE id = ${id}::uuid AND source = 'console' AND revision = ${revision}::int RETURNING id, directory_id
    ), told AS (${told(actor, 'connection.checked', { revision })})
    SELECT id FROM c`)
  return row !== undefined
}

/**
 * Lets a checked connection work: everybody of its directory gets an account there. Rejects with `NOT_CHECKED`. Answers how
 * many people are to be admitted; none where it was enabled before.
 */
export async function enableManaged(db: Sql, id: string, actor: Change): Promise<number> {
  const people = await db.transaction(async (tx) => {
    const row = await lockManaged(tx, id)
    if (row.status !== 'disabled') return undefined
    if (!row.checked)
      throw new GatewayError(
        'NOT_CHECKED',
        `connection ${row.path} has not been checked since it last changed: check it first`,
      )
    await tx.rows(sql`
      WITH c AS (
        UPDATE connections SET status = CASE WHEN tenant_id IS NULL THEN 'new' ELSE 'ready' END, revision = revision + 1
        WHERE id = ${id}::uuid RETURNING id, directory_id
      )
      ${told(actor, 'connection.enabled', { path: row.path })}`)
    return enlist(tx, row.directory_id, id)
  })
  if (people === undefined) return 0
  return people + (await enlistRest(db, id))
}

/** As `detach`, for a connection that an operator made. */
export function detachManaged(
  db: Sql,
  id: string,
  actor: Change,
  options: { readonly abandon: boolean },
): Promise<Detached | undefined> {
  return db.transaction(async (tx) => {
    await lockManaged(tx, id)
    return detach(tx, id, actor, options)
  })
}

/** A connection that an operator made, locked. */
interface ManagedRow {
  readonly id: string
  readonly directory_id: string
  readonly path: string
  readonly vendor: string
  readonly api_profile: string
  readonly settings: unknown
  readonly policy: unknown
  readonly written: unknown
  readonly revision: number
  readonly credentials_revision: number
  readonly status: string
  readonly checked: boolean
}

/** Rejects with `NO_CONNECTION`, and with `CONNECTION_FROM_FILE` where a file tells what it is. */
async function lockManaged(tx: Sql, id: string): Promise<ManagedRow> {
  const row = isId(id)
    ? await tx.row<ManagedRow & { source: string }>(sql`
        SELECT c.id, c.directory_id, d.name || '/' || c.name AS path, c.vendor, c.api_profile, c.settings, c.policy, c.written,
          c.revision, c.credentials_revision, c.status, c.checked_at IS NOT NULL AS checked, c.source
        FROM connections c JOIN directories d ON d.id = c.directory_id WHERE c.id = ${id}::uuid FOR UPDATE OF c`)
    : undefined
  if (!row) throw new GatewayError('NO_CONNECTION', 'this connection no longer exists')
  if (row.source !== 'console') throw fromFile(row.path)
  return row
}

export const fromFile = (path: string): GatewayError =>
  new GatewayError(
    'CONNECTION_FROM_FILE',
    `connection ${path} comes from a configuration file: change the file and apply it`,
  )

/** The event of a change of connection `c`. */
const told = (actor: Change, action: string, detail: object): Statement =>
  recordEvent(
    actor,
    {
      action,
      resourceType: 'Connection',
      directoryId: sql`c.directory_id`,
      resourceId: sql`c.id`,
      detail,
    },
    sql`FROM c`,
  )
