import type { Connections } from '../provisioning/connections.ts'

/** Connections that others take the place of; runs under way go on with those they began with. */
export interface LiveConnections extends Connections {
  /** Those of a configuration file. */
  replace(next: Connections): void
  /** Those that operators made. */
  replaceConsole(next: Connections): void
}

const none: Connections = { byId: () => undefined, ofDirectory: () => [] }

export function liveConnections(first: Connections): LiveConnections {
  let fromFile = first
  let fromConsole = none
  return {
    byId: (id) => fromFile.byId(id) ?? fromConsole.byId(id),
    ofDirectory: (directoryId) => {
      const more = fromConsole.ofDirectory(directoryId)
      const all = fromFile.ofDirectory(directoryId)
      return more.length === 0 ? all : [...all, ...more]
    },
    replace: (next) => {
      fromFile = next
    },
    replaceConsole: (next) => {
      fromConsole = next
    },
  }
}
