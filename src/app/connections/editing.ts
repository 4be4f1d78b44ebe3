import { Problem } from '../../admin/problem.ts'
import type { ConnectionEditing } from '../../admin/routes/connection-editing.ts'
import { checkOne } from '../../config/single.ts'
import type { ConnectionConfig } from '../../config/model.ts'
import { GatewayError } from '../../errors.ts'
import type { Keyring, Place, Sealed } from '../../secrets/keyring.ts'
import type { ConsoleDraft } from '../../store/connections/console/edit.ts'
import type { ConsoleConnection } from '../../store/connections/console/sealed.ts'
import { fromFile } from '../../store/connections/console/row.ts'
import type { Store } from '../../store/open.ts'
import { vendors } from '../../vendors/registry.ts'

export interface EditingParts {
  readonly store: Pick<Store, 'consoleConnections' | 'operate'>
  readonly keyring: Keyring
  readonly insecureTargets: readonly string[]
  /** A connection was changed: this process and the others take it up. */
  readonly changed: () => Promise<void>
}

/** What operators do with connections: the same rules as for the file, credentials sealed before they are kept. */
export function connectionEditing(parts: EditingParts): ConnectionEditing {
  const { store, keyring, changed } = parts
  const { consoleConnections: kept } = store
  return {
    async create({ directory, name, ...raw }, by) {
      const { draft, credentials } = judged(parts, name, raw)
      const id = await kept.create(directory, draft, sealing(keyring, credentials), by)
      await changed()
      return id
    },
    async update(id, revision, raw, by) {
      const row = await rowOf(parts, id)
      const { credentials = opened(keyring, row), directory, name, ...rest } = raw
      if ((directory ?? row.directory) !== row.directory || (name ?? row.name) !== row.name)
        throw new Problem(400, 'invalid', 'Directory and name of a connection stay as they are.')
      const checked = judged(parts, row.name, { ...rest, credentials })
      const origin = checked.draft.connection.settings['baseUrl']
      if (raw['credentials'] === undefined && origin !== row.settings['baseUrl'])
        throw new Problem(
          400,
          'invalid',
          'Another baseUrl needs the credentials again: those kept go to no other host.',
        )
      const seal = raw['credentials'] === undefined ? undefined : sealing(keyring, checked.credentials)
      await kept.update(id, checked.draft, seal, { ...by, revision }).catch((error: unknown) => {
        if (error instanceof GatewayError && error.code === 'CHANGED_MEANWHILE')
          throw new Problem(412, 'changed', error.message)
        throw error
      })
      await changed()
    },
    async credentials(id, credentials, by) {
      const row = await rowOf(parts, id)
      const written = (await store.operate.connection(id))?.configuration ?? { vendor: row.vendor }
      const checked = judged(parts, row.name, { ...written, credentials })
      await kept.changeCredentials(id, sealing(keyring, checked.credentials), by)
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
      const all = new Set([...keyring.ids, ...used.keys()])
      return [...all].map((id) => ({
        id,
        held: keyring.ids.includes(id),
        seals: keyring.ids[0] === id,
        connections: used.get(id) ?? 0,
      }))
    },
    rotateKeys: (by) => kept.rotateKeys(keyring, by),
  }
}

const sealing =
  (keyring: Keyring, credentials: Readonly<Record<string, string>>) =>
  (place: Place): Sealed =>
    keyring.seal(place, credentials)

const opened = (keyring: Keyring, { id, credentialsRevision: revision, sealed }: ConsoleConnection) =>
  keyring.open({ connectionId: id, revision }, sealed)

function judged(
  { insecureTargets }: EditingParts,
  name: string,
  raw: Readonly<Record<string, unknown>>,
): { readonly draft: ConsoleDraft; readonly credentials: ConnectionConfig['credentials'] } {
  const checked = checkOne(name, raw, vendors, insecureTargets)
  if (!checked.ok) throw new Problem(400, 'invalid', `${checked.problems.join('; ')}.`)
  const { credentials, ...connection } = checked.connection
  const { credentials: _secret, ...written } = raw
  return { draft: { connection, written }, credentials }
}

async function rowOf({ store }: EditingParts, id: string): Promise<ConsoleConnection> {
  const row = (await store.consoleConnections.list()).find((each) => each.id === id)
  if (row) return row
  const view = await store.operate.connection(id)
  if (view) throw fromFile(`${view.directory}/${view.name}`)
  throw new GatewayError('NO_CONNECTION', 'there is no such connection any more')
}
