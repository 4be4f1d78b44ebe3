import { hash } from 'node:crypto'
import type { Configuration, ConnectionConfig, DirectoryConfig } from '../../model/configuration.ts'
import { GatewayError } from '../../model/errors.ts'
import type { Change } from '../../model/operator.ts'
import { json, newId, type Sql, sql, type Statement } from '../sql/statement.ts'
import { differenceLines, isSame } from './difference.ts'
import { enlist, reopen, replan } from './enlist.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * The part of a policy that decides what is planned: how long a reply may take, how often it is reconciled, how much the guard
 * lets through, and where a rule stands do not.
 */
export function planningPart(policy: unknown): unknown {
  const {
    reply: _reply,
    reconcile: _reconcile,
    guard,
    rules,
    ...rest
  } = policy as Json & {
    readonly rules?: readonly Json[]
    readonly guard?: { readonly protect?: readonly string[] }
  }
  const { protect = [] } = guard ?? {}
  return {
    ...rest,
    ...(protect.length > 0 ? { protect } : {}),
    rules: (rules ?? []).map(({ line: _line, ...rule }) => rule),
  }
}

/** A policy without where its rules stand in the file. */
function withoutLines(policy: unknown): Json {
  const { rules, ...rest } = policy as Json & { readonly rules?: readonly Json[] }
  return { ...rest, ...(rules && { rules: rules.map(({ line: _line, ...rule }) => rule) }) }
}

interface ConnectionIds {
  readonly id: string
  readonly directoryId: string
}

/** What a configuration changed in the store, and under which ids its names are kept. */
export interface Applied {
  readonly directoryIds: ReadonlyMap<string, string>
  /** By `<directory>/<connection>`. */
  readonly connectionIds: ReadonlyMap<string, ConnectionIds>
  /** In words: `connection corp/falcon added`; what differs in a connection on lines of its own below it. */
  readonly changes: readonly string[]
  /** `<directory>/<connection>` of those that came, or have other settings: only who has the file can connect to them. */
  readonly reconnecting: readonly string[]
  /** Of every connection, by id, as it was applied. */
  readonly revisions: ReadonlyMap<string, number>
  /** Ids of connections that were not there before, or whose people are not admitted yet: `enlistRest` follows the commit. */
  readonly added: readonly string[]
}

interface Outcome {
  readonly directoryIds: Map<string, string>
  readonly connectionIds: Map<string, ConnectionIds>
  readonly changes: string[]
  readonly reconnecting: string[]
  readonly added: string[]
}

/** Rows of the advisory lock under which configurations are applied. */
export const configurationLock = 72707370

/**
 * Makes the store follow the configuration file in one transaction. Credentials are not stored. Rejects with
 * `CONNECTION_MISSING` when the file lacks a connection that accounts are linked by.
 */
export async function applyConfiguration(
  db: Sql,
  configuration: Configuration,
  actor: Partial<Change> = {},
): Promise<Applied> {
  return db.transaction(async (tx) => {
    await tx.rows(sql`SELECT 1 AS locked FROM pg_advisory_xact_lock(${configurationLock}::bigint)`)
    const done: Outcome = {
      directoryIds: new Map(),
      connectionIds: new Map(),
      changes: [],
      reconnecting: [],
      added: [],
    }
    await dropMissing(tx, configuration, done)
    for (const directory of configuration.directories) {
      const directoryId = await keepDirectory(tx, directory, done)
      for (const connection of directory.connections)
        await keepConnection(tx, directory, directoryId, connection, done)
    }
    await keepTokens(tx, configuration, done)
    await reopen(tx)
    // Credentials that changed show no difference: what an operator applied is told in any case.
    if (done.changes.length > 0 || actor.actor !== undefined) {
      await tx.rows(sql`
        INSERT INTO events (actor, request_id, action, resource_type, resource_id, detail)
        VALUES (${actor.actor ?? 'file'}::text, ${actor.requestId ?? null}::text, 'configuration.applied', 'Directory', '',
          ${json({ changes: done.changes })})`)
    }
    const rows = await tx.rows<{ id: string; revision: number; fresh: boolean }>(sql`
      SELECT id, revision, admitted_at IS NULL AND status <> 'disabled' AS fresh FROM connections`)
    const fresh = rows.filter((row) => row.fresh).map(({ id }) => id)
    return {
      ...done,
      added: [...new Set([...done.added, ...fresh])],
      revisions: new Map(rows.map(({ id, revision }) => [id, revision])),
    }
  })
}

async function keepDirectory(
  tx: Sql,
  { name, client, domains }: DirectoryConfig,
  done: Outcome,
): Promise<string> {
  const before = await tx.row<{ client: string; domains: readonly string[] }>(
    sql`SELECT client, domains FROM directories WHERE name = ${name}::text`,
  )
  const row = await tx.row<{ id: string }>(sql`
    INSERT INTO directories (id, name, client, domains) VALUES (${newId()}::uuid, ${name}::text, ${client}::text, ${domains}::text[])
    ON CONFLICT (name) DO UPDATE SET client = excluded.client, domains = excluded.domains
    RETURNING id`)
  const { id } = row!
  done.directoryIds.set(name, id)
  const lines = before ? differenceLines(before, { client, domains }) : []
  if (!before) done.changes.push(`directory ${name} added`)
  else if (lines.length > 0) done.changes.push([`directory ${name} changed`, ...lines].join('\n'))
  return id
}

interface KnownConnection {
  readonly id: string
  readonly vendor: string
  readonly api_profile: string
  readonly settings: unknown
  readonly policy: unknown
  readonly source: string
}

async function keepConnection(
  tx: Sql,
  directory: DirectoryConfig,
  directoryId: string,
  connection: ConnectionConfig,
  done: Outcome,
): Promise<void> {
  const path = `${directory.name}/${connection.name}`
  const known = await tx.row<KnownConnection>(sql`
    SELECT id, vendor, api_profile, settings, policy, source FROM connections
    WHERE directory_id = ${directoryId}::uuid AND name = ${connection.name}::text`)
  if (known?.source === 'console') {
    throw new GatewayError(
      'CONNECTION_MANAGED',
      `connection ${path} was created through the operator API and is changed there: give the one in the file another name, or detach the other first`,
    )
  }
  const id = known?.id ?? newId()
  done.connectionIds.set(path, { id, directoryId })
  if (!known) {
    await tx.rows(sql`
      INSERT INTO connections (id, directory_id, name, vendor, api_profile, settings, policy)
      VALUES (${id}::uuid, ${directoryId}::uuid, ${connection.name}::text, ${connection.vendor}::text,
        ${connection.apiProfile}::text, ${json(connection.settings)}, ${json(connection.policy)})`)
    done.added.push(id)
    done.reconnecting.push(path)
    const people = await enlist(tx, directoryId, id)
    const admitted = people > 0 ? `, ${people} ${people === 1 ? 'person' : 'people'} to admit` : ''
    done.changes.push(`connection ${path} added${admitted}`)
    return
  }
  await changeConnection(tx, path, known, connection, done)
}

async function changeConnection(
  tx: Sql,
  path: string,
  known: KnownConnection,
  { vendor, apiProfile, settings, policy }: ConnectionConfig,
  done: Outcome,
): Promise<void> {
  if (known.vendor !== vendor) {
    throw new GatewayError(
      'VENDOR_CHANGED',
      `connection ${path} is for ${known.vendor}: give the one for ${vendor} another name`,
    )
  }
  const same =
    isSame(known.settings, settings) && isSame(known.policy, policy) && known.api_profile === apiProfile
  if (same) return
  await tx.rows(sql`
    UPDATE connections SET settings = ${json(settings)}, policy = ${json(policy)}, api_profile = ${apiProfile}::text,
      revision = revision + 1, ${profileFor(known, { apiProfile, settings })}
    WHERE id = ${known.id}::uuid`)
  if (!isSame(known.settings, settings) || known.api_profile !== apiProfile) done.reconnecting.push(path)
  const plansAnew = !isSame(planningPart(known.policy), planningPart(policy))
  if (plansAnew) await replan(tx, done.directoryIds.get(path.slice(0, path.indexOf('/')))!, known.id)
  const lines = [
    ...differenceLines({ apiProfile: known.api_profile }, { apiProfile }),
    ...differenceLines({ settings: known.settings }, { settings }),
    ...differenceLines(withoutLines(known.policy), withoutLines(policy)),
  ]
  // Rules that only stand elsewhere in the file are no news.
  if (lines.length === 0) return
  const headline = `connection ${path} changed${plansAnew ? '; every account is looked at again' : ''}`
  done.changes.push([headline, ...lines].join('\n'))
}

/** Other settings may lead to a tenant that speaks another profile: it is asked again. */
function profileFor(
  known: KnownConnection,
  { apiProfile, settings }: Pick<ConnectionConfig, 'apiProfile' | 'settings'>,
): Statement {
  const stays = known.api_profile === apiProfile && isSame(known.settings, settings)
  return stays ? sql`resolved_profile = resolved_profile` : sql`resolved_profile = NULL, resolved_at = NULL`
}

/** Drops connections that the file no longer has while nothing is linked by them. */
async function dropMissing(tx: Sql, { directories }: Configuration, done: Outcome): Promise<void> {
  const listed = directories.flatMap(({ name, connections }) =>
    connections.map((each) => `${name}/${each.name}`),
  )
  const missing = await tx.rows<{ id: string; path: string; linked: number }>(sql`
    SELECT c.id, d.name || '/' || c.name AS path, (
      SELECT count(*)::int FROM accounts a WHERE a.connection_id = c.id AND (a.vendor_account_id IS NOT NULL
        OR EXISTS (SELECT FROM operations o WHERE o.account_id = a.id AND o.closed_at IS NULL))) AS linked
    FROM connections c JOIN directories d ON d.id = c.directory_id
    WHERE c.source = 'file' AND NOT (d.name || '/' || c.name = ANY(${listed}::text[])) ORDER BY path`)
  const held = missing.filter(({ linked }) => linked > 0)
  if (held.length > 0) {
    const names = held
      .map(({ path, linked }) => `${path} (${linked} ${linked === 1 ? 'account' : 'accounts'})`)
      .join(', ')
    throw new GatewayError(
      'CONNECTION_MISSING',
      `the configuration lacks connections that accounts are linked to: ${names}; without them nobody would be shut out there, so put them back, or stop managing them with "drawbridge apply --detach"`,
    )
  }
  for (const { id, path } of missing) {
    await tx.rows(sql`DELETE FROM accounts WHERE connection_id = ${id}::uuid`)
    await tx.rows(sql`DELETE FROM connections WHERE id = ${id}::uuid`)
    done.changes.push(`connection ${path} removed`)
  }
}

export const hashOf = (secret: string): string => hash('sha256', secret)

/** Tokens that left the file end; a secret that came back lives again, unless an operator revoked it. */
async function keepTokens(tx: Sql, { directories }: Configuration, done: Outcome): Promise<void> {
  const tokens = directories.flatMap((directory) =>
    directory.tokens.map(({ name, secret }) => {
      const hash = hashOf(secret)
      return {
        id: newId(),
        directory_id: done.directoryIds.get(directory.name)!,
        name,
        hash,
        hint: hash.slice(0, 6),
      }
    }),
  )
  const revoked = await tx.rows<{ name: string }>(sql`
    UPDATE tokens SET revoked_at = clock_timestamp()
    WHERE source = 'file' AND revoked_at IS NULL AND NOT (hash = ANY(${tokens.map(({ hash }) => hash)}::text[])) RETURNING name`)
  const added = await tx.rows<{ name: string }>(sql`
    INSERT INTO tokens (id, directory_id, name, hash, hint, source)
    SELECT t.id, t.directory_id, t.name, t.hash, t.hint, 'file'
    FROM jsonb_to_recordset(${json(tokens)}) t(id uuid, directory_id uuid, name text, hash text, hint text)
    ON CONFLICT (hash) DO UPDATE SET directory_id = excluded.directory_id, name = excluded.name, revoked_at = NULL
    WHERE tokens.source = 'file' AND (tokens.revoked_at IS NOT NULL OR tokens.directory_id <> excluded.directory_id
      OR tokens.name <> excluded.name)
    RETURNING name`)
  done.changes.push(
    ...revoked.map(({ name }) => `token ${name} revoked`),
    ...added.map(({ name }) => `token ${name} added`),
  )
}
