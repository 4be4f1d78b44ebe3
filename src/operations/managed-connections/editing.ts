import { Problem } from '../../admin/problem.ts'
import { checkOne } from '../../config/load.ts'
import type { ConnectionConfig } from '../../model/configuration.ts'
import { GatewayError, VendorError } from '../../model/errors.ts'
import type { Change } from '../../model/operator.ts'
import type { ConnectionStore } from '../../model/work.ts'
import { openConnection } from '../../provisioning/connections.ts'
import type { Keyring, Sealed } from '../../secrets/keyring.ts'
import { isSame } from '../../store/connections/difference.ts'
import { isFormerName, tenantChanged } from '../../store/connections/connections.ts'
import type { Detached } from '../../store/connections/detach.ts'
import type { Sql } from '../../store/sql/statement.ts'
import type { Kit } from '../../vendors/kit/kit.ts'
import { vendorOf, vendors } from '../../vendors/registry.ts'
import { askVendor } from '../connections/check.ts'
import { connection as readConnection } from '../connections/store.ts'
import {
  changeCredentials,
  createManaged,
  detachManaged,
  enableManaged,
  fromFile,
  type ManagedConnection,
  managedConnections,
  openSealed,
  secretsOf,
  type Slot,
  type Tried,
  updateManaged,
} from './store.ts'

export interface EditingDeps {
  readonly db: Sql
  readonly keyring: Keyring
  readonly insecureTargets: readonly string[]
  /** Lends a kit, to ask a vendor whether it takes what is to be saved. */
  readonly lendKit: <T>(use: (kit: Kit) => Promise<T>) => Promise<T>
  /** A connection was changed: this process and the others take it up. */
  readonly changed: () => Promise<void>
}

type Raw = Readonly<Record<string, unknown>>

/** Judged by the same rules as a file; its credentials are sealed before they are kept. Gives its id; undefined when there is no such directory. */
export async function createConnection(
  deps: EditingDeps,
  { directory, name, ...raw }: Raw & { readonly directory: string; readonly name: string },
  actor: Change,
): Promise<string | undefined> {
  const { connection, written } = judged(deps, name, raw)
  const seal = sealing(deps.keyring, connection)
  const id = await createManaged(deps.db, directory, { connection, written }, seal, actor)
  await deps.changed()
  return id
}

/**
 * Without `credentials` those that are kept stay. Where the connection is enabled the vendor is asked first whether it works
 * with what is new, unless it is forced; rejects with a `Problem` when it does not.
 */
export async function updateConnection(
  deps: EditingDeps,
  id: string,
  { revision, draft, force }: { readonly revision: number; readonly draft: Raw; readonly force: boolean },
  actor: Change,
): Promise<void> {
  const { db, keyring } = deps
  const row = await rowOf(db, id)
  const { credentials = openSealed(keyring, row), directory, name, ...rest } = draft
  if ((directory ?? row.directory) !== row.directory || (name ?? row.name) !== row.name)
    throw new Problem(400, 'invalid', 'The directory and the name of a connection cannot be changed.')
  const { connection, written } = judged(deps, row.name, { ...rest, credentials })
  const entered = draft['credentials'] !== undefined
  if (!entered && connection.settings['baseUrl'] !== row.settings['baseUrl'])
    throw new Problem(
      400,
      'invalid',
      'Another baseUrl needs the credentials again: stored ones are not sent to another host.',
    )
  const tried =
    (entered || leadsElsewhere(row, connection)) && !force && (await tryOut(deps, row, connection))
  const seals = { [entered ? 'seal' : 'reseal']: sealing(keyring, connection) }
  await asSeen(
    updateManaged(db, id, { connection, written }, seals, { ...actor, revision }, tried || undefined),
  )
  await deps.changed()
}

/** Asks the vendor first like `updateConnection`. */
export async function replaceCredentials(
  deps: EditingDeps,
  id: string,
  { credentials, force }: { readonly credentials: Raw; readonly force: boolean },
  actor: Change,
): Promise<void> {
  const { db, keyring } = deps
  const row = await rowOf(db, id)
  const before = (await readConnection(db, id))?.configuration ?? { vendor: row.vendor }
  const { connection } = judged(deps, row.name, { ...before, credentials })
  const tried = force ? undefined : await tryOut(deps, row, connection)
  // Enabled meanwhile, it would work with what nobody tried.
  const seen = force ? actor : { ...actor, revision: row.revision }
  await asSeen(changeCredentials(db, id, sealing(keyring, connection), seen, tried))
  await deps.changed()
}

/** Answers how many people are to be admitted. */
export async function enableConnection(
  { db, changed }: EditingDeps,
  id: string,
  actor: Change,
): Promise<number> {
  const people = await enableManaged(db, id, actor)
  await changed()
  return people
}

export async function detachConnection(
  { db, changed }: EditingDeps,
  id: string,
  abandon: boolean,
  actor: Change,
): Promise<Detached | undefined> {
  const detached = await detachManaged(db, id, actor, { abandon })
  await changed()
  return detached
}

const sealing =
  (keyring: Keyring, connection: ConnectionConfig) =>
  ({ connectionId, revision, directoryId }: Slot): Sealed => {
    const { vendor, apiProfile, settings } = connection
    const destination = { directoryId, vendor, apiProfile, settings }
    return keyring.seal({ connectionId, revision, destination }, secretsOf(connection))
  }

const leadsElsewhere = (row: ManagedConnection, { settings, apiProfile }: ConnectionConfig): boolean =>
  row.apiProfile !== apiProfile || !isSame(row.settings, settings)

/** What somebody else changed meanwhile is no conflict with the state of a thing, but a condition that failed. */
async function asSeen(saving: Promise<unknown>): Promise<void> {
  await saving.catch((error: unknown) => {
    if (error instanceof GatewayError && error.code === 'CHANGED_MEANWHILE')
      throw new Problem(412, 'changed', error.message)
    throw error
  })
}

interface Judged {
  readonly connection: ConnectionConfig
  /** As it was written, without credentials. */
  readonly written: Readonly<Record<string, unknown>>
}

function judged(
  { insecureTargets }: EditingDeps,
  name: string,
  raw: Readonly<Record<string, unknown>>,
): Judged {
  const checked = checkOne(name, raw, vendors, insecureTargets)
  if (!checked.ok) throw new Problem(400, 'invalid', `${checked.problems.join('; ')}.`)
  const { credentials: _secret, ...written } = raw
  return { connection: checked.connection, written }
}

async function rowOf(db: Sql, id: string): Promise<ManagedConnection> {
  const row = (await managedConnections(db)).find((each) => each.id === id)
  if (row) return row
  const view = await readConnection(db, id)
  if (view) throw fromFile(`${view.directory}/${view.name}`)
  throw new GatewayError('NO_CONNECTION', 'this connection no longer exists')
}

/**
 * Asks the vendor of a connection that works, as a check does, with what is not saved yet; keeps nothing. What others wait for
 * is not given up for what may not work. Another vendor is refused unasked. Rejects with a `Problem` that says why not.
 */
async function tryOut(
  { lendKit }: EditingDeps,
  row: ManagedConnection,
  wanted: ConnectionConfig,
): Promise<Tried | undefined> {
  if (!row.enabled || row.vendor !== wanted.vendor) return undefined
  const vendor = vendorOf(wanted.vendor)
  if (!vendor) throw new GatewayError('NO_VENDOR', `this release has no vendor ${wanted.vendor}`)
  const { id, directoryId, revision } = row
  try {
    const { credentialsEndAt } = await lendKit(async (kit) =>
      askVendor(await openConnection({ ...wanted, id, directoryId, vendor }, forgetful(row), kit).ready()),
    )
    return { revision, ...(credentialsEndAt === undefined ? {} : { credentialsEndAt }) }
  } catch (error) {
    if (!(error instanceof VendorError)) throw error
    throw new Problem(
      409,
      'check-failed',
      `Nothing was changed: the vendor does not accept it (${error.message}). What was in force stays in force. Correct it, or save it unchecked with force.`,
    )
  }
}

/** Knows the tenant that the accounts are in, and keeps nothing. */
function forgetful({ directory, name, tenantId }: ManagedConnection): ConnectionStore {
  return {
    park: async () => false,
    pause: async () => {},
    async keepTenant(_id, tenant) {
      if (tenantId !== null && tenantId !== tenant && !isFormerName(tenantId, tenant))
        throw tenantChanged(`${directory}/${name}`, tenantId, tenant)
    },
    profile: async () => undefined,
    keepProfile: async () => {},
    catalogue: async () => undefined,
    keepCatalogue: async () => {},
    keepReplyDeviations: async () => undefined,
  }
}
