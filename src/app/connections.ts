import type { Configuration } from '../model/configuration.ts'
import type { FromFile } from '../operations/apply/follow.ts'
import type { Connections, ConnectionSpec, OpenConnection } from '../provisioning/connections.ts'
import type { Applied } from '../store/connections/configuration.ts'
import type { Database } from '../store/open.ts'
import { vendorOf } from '../vendors/registry.ts'

/** The connections of a configuration with the ids under which the store keeps them. */
function specsOf(
  { directories }: Configuration,
  { connectionIds }: Pick<Applied, 'connectionIds'>,
): readonly ConnectionSpec[] {
  return directories.flatMap(({ name, connections }) =>
    connections.map((connection) => {
      const vendor = vendorOf(connection.vendor)
      const known = connectionIds.get(`${name}/${connection.name}`)
      if (!vendor || !known) throw new Error(`connection ${connection.name} was not applied`)
      return { ...connection, ...known, vendor }
    }),
  )
}

/** The connections of a file as it was just applied. */
export function fromFile(configuration: Configuration, applied: Applied): FromFile {
  const specs = specsOf(configuration, applied)
  const { revisions } = applied
  return {
    specs,
    revisions: new Map(
      specs.flatMap(({ id }) => (revisions.has(id) ? [[id, revisions.get(id)!] as const] : [])),
    ),
  }
}

export function connectionsOf(
  connections: Connections,
  { directoryIds }: Pick<Applied, 'directoryIds'>,
): readonly OpenConnection[] {
  return [...directoryIds.values()].flatMap((id) => connections.ofDirectory(id))
}

/** Names a connection as people do: `<directory>/<connection>`. */
export function pathsOf(
  connections: Connections,
  { directoryIds }: Pick<Applied, 'directoryIds'>,
): (connectionId: string) => string {
  const names = new Map([...directoryIds].map(([name, id]) => [id, name]))
  return (connectionId) => {
    const { name = connectionId, directoryId = '' } = connections.byId(connectionId) ?? {}
    return `${names.get(directoryId) ?? directoryId}/${name}`
  }
}

/** Keeps the store told by which revisions of connections this process works: those of the file that was applied, and of operators. */
export function createRevisions({ worksBy }: Pick<Database, 'worksBy'>) {
  let ofFile: ReadonlyMap<string, number> = new Map()
  let ofOperators: ReadonlyMap<string, number> = new Map()
  const tell = (): void => worksBy({ revisions: new Map([...ofFile, ...ofOperators]) })
  return {
    file(revisions: ReadonlyMap<string, number>): void {
      ofFile = revisions
      tell()
    },
    managed(revisions: ReadonlyMap<string, number>): void {
      ofOperators = revisions
      tell()
    },
  }
}
