import { Problem } from '../../admin/problem.ts'
import type { ConnectionEditing } from './route.ts'
import { checkOne } from '../../config/load.ts'
import type { ConnectionConfig } from '../../model/configuration.ts'
import { GatewayError } from '../../model/errors.ts'
import type { Keyring, Place, Sealed } from '../../secrets/keyring.ts'
import { type ConsoleStore, fromFile, type Tried } from './store.ts'
import type { ConsoleConnection } from './sealed-store.ts'
import { isSame } from '../../store/connections/configuration.ts'
import type { ConnectionView } from '../../model/operator.ts'
import { vendors } from '../../vendors/registry.ts'
import { toSealed } from './sealed-credentials.ts'
import type { Trial } from './trial.ts'

export interface EditingParts {
  readonly store: {
    readonly consoleConnections: ConsoleStore
    readonly operate: { connection(id: string): Promise<ConnectionView | undefined> }
  }
  readonly keyring: Keyring
  readonly insecureTargets: readonly string[]
  /** Whether a vendor takes what is to be saved. */
  readonly trial: Trial
  /** A connection was changed: this process and the others take it up. */
  readonly changed: () => Promise<void>
}

/** What operators do with connections: the same rules as for the file, credentials sealed before they are kept. */
export function connectionEditing(parts: EditingParts): ConnectionEditing {
  const { store, keyring, changed } = parts
  const { consoleConnections: kept } = store
  /** Of a connection that works: what others wait for is not given up for what may not work. Another vendor is refused unasked. */
  const tryOut = async (row: ConsoleConnection, wanted: ConnectionConfig): Promise<Tried | undefined> =>
    row.enabled && row.vendor === wanted.vendor ? parts.trial(row, wanted) : undefined
  return {
    async create({ directory, name, ...raw }, by) {
      const { connection, written } = judged(parts, name, raw)
      const id = await kept.create(directory, { connection, written }, sealing(keyring, connection), by)
      await changed()
      return id
    },
    async update(id, revision, raw, force, by) {
      const row = await rowOf(parts, id)
      const { credentials = opened(keyring, row), directory, name, ...rest } = raw
      if ((directory ?? row.directory) !== row.directory || (name ?? row.name) !== row.name)
        throw new Problem(400, 'invalid', 'Directory and name of a connection stay as they are.')
      const { connection, written } = judged(parts, row.name, { ...rest, credentials })
      const entered = raw['credentials'] !== undefined
      if (!entered && connection.settings['baseUrl'] !== row.settings['baseUrl'])
        throw new Problem(
          400,
          'invalid',
          'Another baseUrl needs the credentials again: those kept go to no other host.',
        )
      const tried = (entered || leadsElsewhere(row, connection)) && !force && (await tryOut(row, connection))
      const seal = entered ? sealing(keyring, connection) : undefined
      await asSeen(kept.update(id, { connection, written }, seal, { ...by, revision }, tried || undefined))
      await changed()
    },
    async credentials(id, credentials, force, by) {
      const row = await rowOf(parts, id)
      const before = (await store.operate.connection(id))?.configuration ?? { vendor: row.vendor }
      const { connection } = judged(parts, row.name, { ...before, credentials })
      const tried = force ? undefined : await tryOut(row, connection)
      // Enabled meanwhile, it would work with what nobody tried.
      const seen = force ? by : { ...by, revision: row.revision }
      await asSeen(kept.changeCredentials(id, sealing(keyring, connection), seen, tried))
      await changed()
    },
    async enable(id, by) {
      const people = await kept.enable(id, by)
      await changed()
      return people
    },
    async detach(id, abandon, by) {
      const detached = await kept.detach(id, by, { abandon })
      await changed()
      return detached
    },
    ...keyActions(parts),
  }
}

function keyActions({ store, keyring }: EditingParts): Pick<ConnectionEditing, 'keys' | 'rotateKeys'> {
  const { consoleConnections: kept } = store
  return {
    async keys() {
      const used = new Map((await kept.keysInUse()).map(({ key, connections }) => [key, connections]))
      const processes = await kept.keysOfProcesses()
      const all = new Set([...keyring.ids, ...used.keys()])
      return [...all].map((id) => ({
        id,
        held: keyring.ids.includes(id),
        seals: keyring.ids[0] === id,
        connections: used.get(id) ?? 0,
        processesWithout: processes.filter((ids) => !ids.includes(id)).length,
      }))
    },
    rotateKeys: (force, by) => kept.rotateKeys(keyring, by, { force }),
  }
}

const sealing =
  (keyring: Keyring, connection: ConnectionConfig) =>
  (place: Place): Sealed =>
    keyring.seal(place, toSealed(connection))

const opened = (keyring: Keyring, { id, credentialsRevision: revision, sealed }: ConsoleConnection) =>
  keyring.open({ connectionId: id, revision }, sealed)

const leadsElsewhere = (row: ConsoleConnection, { settings, apiProfile }: ConnectionConfig): boolean =>
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
  { insecureTargets }: EditingParts,
  name: string,
  raw: Readonly<Record<string, unknown>>,
): Judged {
  const checked = checkOne(name, raw, vendors, insecureTargets)
  if (!checked.ok) throw new Problem(400, 'invalid', `${checked.problems.join('; ')}.`)
  const { credentials: _secret, ...written } = raw
  return { connection: checked.connection, written }
}

async function rowOf({ store }: EditingParts, id: string): Promise<ConsoleConnection> {
  const row = (await store.consoleConnections.list()).find((each) => each.id === id)
  if (row) return row
  const view = await store.operate.connection(id)
  if (view) throw fromFile(`${view.directory}/${view.name}`)
  throw new GatewayError('NO_CONNECTION', 'there is no such connection any more')
}
