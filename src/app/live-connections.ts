import type { Connections, OpenConnection } from '../provisioning/connections.ts'

/** Connections that others take the place of; runs under way go on with those they began with. */
export interface LiveConnections extends Connections {
  /** Those of a configuration file. */
  replace(next: Connections): void
  /** Those that operators made; `disabled` are only there to be checked. */
  replaceConsole(next: Connections, disabled: ReadonlyMap<string, OpenConnection>): void
  /** Also one that is disabled. */
  toCheck(id: string): OpenConnection | undefined
}

const none: Connections = { byId: () => undefined, ofDirectory: () => [] }

export function liveConnections(first: Connections): LiveConnections {
  let fromFile = first
  let fromConsole = none
  let unused: ReadonlyMap<string, OpenConnection> = new Map()
  const byId = (id: string): OpenConnection | undefined => fromFile.byId(id) ?? fromConsole.byId(id)
  return {
    byId,
    toCheck: (id) => byId(id) ?? unused.get(id),
    ofDirectory: (directoryId) => {
      const more = fromConsole.ofDirectory(directoryId)
      const all = fromFile.ofDirectory(directoryId)
      return more.length === 0 ? all : [...all, ...more]
    },
    replace: (next) => {
      fromFile = next
    },
    replaceConsole: (next, disabled) => {
      fromConsole = next
      unused = disabled
    },
  }
}
