import type { Logger } from 'pino'
import { GatewayError } from '../../model/errors.ts'
import type { ConnectionSpec, LiveConnections, OpenConnection } from '../../provisioning/connections.ts'
import { isUnbound, type Keyring } from '../../secrets/keyring.ts'
import { createConnectionStore } from '../../store/connections/connections.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { vendorOf } from '../../vendors/registry.ts'
import {
  credentialsOf,
  keepSealed,
  type ManagedConnection,
  managedConnections,
  managedMark,
  openSealed,
  placeOf,
} from './store.ts'

/** Works with the connections that operators made, and takes up what they change. */
export interface ManagedConnections {
  /** Looks now; resolves once this process works with what was there when it was asked. Never rejects. */
  follow(): Promise<void>
  close(): Promise<void>
}

interface FollowDeps {
  readonly db: Sql
  readonly keyring: Keyring
  readonly log: Logger
  readonly live: LiveConnections
  readonly open: (spec: ConnectionSpec) => OpenConnection
  /** These are worked with from now on; `enabled` of them with accounts. */
  readonly followed: (revisions: ReadonlyMap<string, number>, enabled: readonly OpenConnection[]) => void
  /** How often is looked for what no process told of, in milliseconds. */
  readonly everyMs?: number
}

interface Held {
  readonly row: ManagedConnection
  readonly connection: OpenConnection
}

/**
 * A row whose credentials do not open for what it says now is parked, with the reason; the others work. Rejects with
 * `MASTER_KEY_MISSING` when there is no key to open them with.
 */
export async function followManaged(deps: FollowDeps): Promise<ManagedConnections> {
  const { db, log, everyMs = 5_000 } = deps
  let held = new Map<string, Held>()
  let mark: string | undefined

  const look = async (strict: boolean): Promise<void> => {
    const seen = await managedMark(db)
    if (seen === mark) return
    const { next, broken } = takeUp(deps, await managedConnections(db), held, strict)
    for (const { row, error } of broken) await parkBroken(deps, row, error)
    for (const { row } of next.values()) if (isUnbound(row.sealed)) await bind(deps, row)
    const known = mark
    held = next
    mark = seen
    if (known !== undefined || next.size > 0) work(deps, next)
    if (known !== undefined) log.info({ connections: next.size }, 'connections of operators taken up')
  }
  await look(true)

  let last = Promise.resolve()
  const follow = (): Promise<void> =>
    (last = last.then(() =>
      look(false).catch((error: unknown) =>
        log.warn({ error: String(error) }, 'connections of operators are not up to date'),
      ),
    ))
  const timer = setInterval(() => void follow(), everyMs).unref()
  return {
    follow,
    async close() {
      clearInterval(timer)
      await last
    },
  }
}

/** What did not change stays open with all that it knows. */
function takeUp(
  deps: FollowDeps,
  rows: readonly ManagedConnection[],
  held: ReadonlyMap<string, Held>,
  strict: boolean,
): { readonly next: Map<string, Held>; readonly broken: readonly Broken[] } {
  const next = new Map<string, Held>()
  const closed: string[] = []
  const broken: Broken[] = []
  let failed: GatewayError | undefined
  for (const row of rows) {
    const before = held.get(row.id)
    try {
      next.set(row.id, before?.row.revision === row.revision ? before : opened(deps, row))
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      if (error.code === 'MASTER_KEY_WRONG' || error.code === 'SEAL_UNBOUND') {
        broken.push({ row, error })
        continue
      }
      failed ??= error
      closed.push(`connection ${row.directory}/${row.name}: ${error.message}`)
      // Its work is left to a process that can open it.
      if (!strict)
        deps.log.error({ connectionId: row.id, code: error.code }, 'credentials cannot be opened here')
    }
  }
  if (strict && failed) throw new GatewayError(failed.code, closed.join('; '))
  return { next, broken }
}

interface Broken {
  readonly row: ManagedConnection
  readonly error: GatewayError
}

/** Nothing is sent with such credentials; who entered them enters them again, or puts the row right. */
async function parkBroken(
  { db, log }: FollowDeps,
  row: ManagedConnection,
  error: GatewayError,
): Promise<void> {
  const { id, directory, name } = row
  log.error(
    { connectionId: id, code: error.code },
    `connection ${directory}/${name} is parked: its credentials do not open`,
  )
  await createConnectionStore(db).park(id, {
    kind: 'unauthenticated',
    detail: error.message,
    at: new Date().toISOString(),
  })
}

/** From now on they open only for what the row says now. */
async function bind({ db, keyring, log }: FollowDeps, row: ManagedConnection): Promise<void> {
  await keepSealed(db, row, keyring.seal(placeOf(row), openSealed(keyring, row)))
  log.info({ connectionId: row.id }, 'credentials sealed anew, bound to the settings of their connection')
}

function opened({ keyring, open }: FollowDeps, row: ManagedConnection): Held {
  const { id, name, directoryId, apiProfile, settings, policy, revision } = row
  const vendor = vendorOf(row.vendor)
  if (!vendor) throw new GatewayError('NO_VENDOR', `this release has no vendor ${row.vendor}`)
  const { credentials, credentialsEndAt } = credentialsOf(openSealed(keyring, row))
  const spec = { id, name, directoryId, vendor, apiProfile, settings, credentials, policy, revision }
  return { row, connection: open({ ...spec, ...(credentialsEndAt && { credentialsEndAt }) }) }
}

function work({ live, followed }: FollowDeps, held: ReadonlyMap<string, Held>): void {
  const all = [...held.values()]
  const enabled = all.filter(({ row }) => row.enabled).map(({ connection }) => connection)
  const disabled = all.filter(({ row }) => !row.enabled).map(({ connection }) => connection)
  const byId = new Map(enabled.map((each) => [each.id, each]))
  const byDirectory = Map.groupBy(enabled, ({ directoryId }) => directoryId)
  live.replaceManaged(
    { byId: (id) => byId.get(id), ofDirectory: (directoryId) => byDirectory.get(directoryId) ?? [] },
    new Map(disabled.map((each) => [each.id, each])),
  )
  followed(new Map(all.map(({ row: { id, revision } }) => [id, revision])), enabled)
}
