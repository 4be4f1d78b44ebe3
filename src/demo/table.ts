import type { Gateway } from '../app/gateway.ts'
import type { LiveConnection } from '../provisioning/connections.ts'
import { type AccountState, accountStates } from './store.ts'
import { wantedOf } from '../translators/wanted.ts'
import type { DemoVendors } from './setting.ts'
import { type Entitlement, entitlementKey, type EntitlementRef } from '../model/account.ts'
import type { DirectoryRef } from '../model/directory.ts'
import { wantedInput } from '../provisioning/wanted-input.ts'

/** True when nothing waits for a worker; a write that is still being verified counts as settled. */
export async function settled({ store, directories }: Gateway): Promise<boolean> {
  const all = await Promise.all(directories.map(({ id }) => accountStates(store.db, id)))
  return all.flat().every(({ proven, status }) => proven || status === 'failed' || status === 'waiting')
}

export interface Convergence {
  readonly lines: readonly string[]
  readonly converged: boolean
}

interface Row {
  readonly cells: readonly string[]
  readonly converged: boolean
}

const headings = ['person', 'connection', 'wanted', 'held at the vendor', 'status']

/** Compares, for every person and connection, what the directory wants with what the simulated vendor itself has. */
export async function convergenceTable(gateway: Gateway, simulated: DemoVendors): Promise<Convergence> {
  const rows: Row[] = []
  for (const directory of gateway.directories) {
    for (const account of await accountStates(gateway.store.db, directory.id)) {
      rows.push(await rowOf(gateway, simulated, directory, account))
    }
  }
  return {
    lines: layout(rows.map(({ cells }) => cells)),
    converged: rows.length > 0 && rows.every((row) => row.converged),
  }
}

async function rowOf(
  gateway: Gateway,
  simulated: DemoVendors,
  directory: DirectoryRef,
  account: AccountState,
): Promise<Row> {
  const connection = await gateway.connections
    .ofDirectory(directory.id)
    .find(({ name }) => name === account.connection)
    ?.ready()
  if (!connection) throw new Error(`no connection ${account.connection}`)
  const catalogue = await connection.catalogue()
  const wanted = await wantedAt(gateway, directory, account, connection, catalogue)
  const person = simulated.all
    .find(({ vendor }) => vendor === account.vendor)
    ?.people()
    .find(({ login }) => login === account.userName)
  const held = person && person.entitlements.length > 0 ? [...person.entitlements].sort() : undefined
  const same = (wanted ?? []).toSorted().join() === (held ?? []).join()
  return {
    converged: account.proven && same,
    cells: [
      account.userName,
      account.connection,
      named(wanted, catalogue) ?? 'no access',
      named(held, catalogue) ?? 'no access',
      `${account.status}${same ? '' : ' (differs)'}`,
    ],
  }
}

/** Keys of what the rules say; undefined when the person is to have no access. */
async function wantedAt(
  { store }: Gateway,
  directory: DirectoryRef,
  { userId, active, deleted }: AccountState,
  { name, policy, can }: LiveConnection,
  catalogue: readonly Entitlement[],
): Promise<readonly string[] | undefined> {
  const user = await store.directory.user(directory, userId)
  if (!user || deleted || !active) return undefined
  const groups = await store.directory.groupsOf(directory, [userId])
  const person = {
    user: { resource: user.body, active, deleted },
    groups: groups.map(({ groupId, display }) => ({ id: groupId, displayName: display })),
  }
  const wanted = wantedOf(wantedInput(person, { name, policy, can }, catalogue, new Date().toISOString()))
  return wanted.kind === 'present'
    ? wanted.entitlements.map(({ ref }: { ref: EntitlementRef }) => entitlementKey(ref))
    : undefined
}

function named(keys: readonly string[] | undefined, catalogue: readonly Entitlement[]): string | undefined {
  const names = new Map(catalogue.map((entry) => [entitlementKey(entry), entry.name]))
  return keys
    ?.map((key) => names.get(key) ?? key)
    .toSorted()
    .join(', ')
}

function layout(rows: readonly (readonly string[])[]): readonly string[] {
  const all = [headings, ...rows]
  const widths = headings.map((_, at) => Math.max(...all.map((cells) => cells[at]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd()
  return [line(headings), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)]
}
