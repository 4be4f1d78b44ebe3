import type { Connections } from '../provisioning/connections.ts'

/** Connections that a new configuration takes the place of; runs under way go on with those they began with. */
export interface LiveConnections extends Connections {
  replace(next: Connections): void
}

export function liveConnections(first: Connections): LiveConnections {
  let current = first
  return {
    byId: (id) => current.byId(id),
    ofDirectory: (directoryId) => current.ofDirectory(directoryId),
    replace: (next) => {
      current = next
    },
  }
}
