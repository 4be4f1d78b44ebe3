import type { Logger } from 'pino'
import type { ConnectionEditing } from '../operations/managed-connections/route.ts'
import type { Environment } from '../model/configuration.ts'
import { type LiveConnections, openConnection, type OpenConnection } from '../provisioning/connections.ts'
import { scheduleExpiryChecks } from '../operations/expiry/expiry.ts'
import type { RunningNotices } from '../operations/notices/notices.ts'
import type { Processes } from '../model/processes.ts'
import { createKeyring } from '../secrets/keyring.ts'
import type { Store } from './stores.ts'
import type { Kit } from '../vendors/kit/kit.ts'
import type { Opened } from './resources.ts'
import type { Work } from './work.ts'
import { openConsole } from '../operations/managed-connections/follow.ts'
import { connectionEditing } from '../operations/managed-connections/editing.ts'
import type { KnownRevisions } from './revisions.ts'
import { trialWith } from '../operations/managed-connections/trial.ts'

interface Parts {
  readonly environment: Environment
  readonly store: Store
  readonly log: Logger
  readonly kit: Kit
  readonly notices: RunningNotices
  readonly processes: Processes
  readonly work: Work
  readonly live: LiveConnections
  readonly revisions: KnownRevisions
  /** Those of the configuration file. */
  readonly fromFile: () => readonly OpenConnection[]
}

export interface Made {
  readonly editing: ConnectionEditing
  /** Another process told of a change. */
  follow(): void
}

/** Works with the connections that operators made, lets them be edited, and looks at when credentials end. */
export async function openMade(parts: Parts, opened: Opened): Promise<Made> {
  const { environment, store, log, kit, notices, processes, work, live, revisions } = parts
  const keyring = createKeyring(environment.masterKeys ?? [])
  let enabled: readonly OpenConnection[] = []
  const made = opened.keep(
    await openConsole({
      store,
      keyring,
      log,
      live,
      open: (spec) => openConnection(spec, store.connections, kit, notices),
      followed(known, now) {
        enabled = now
        revisions.console(known)
        work.wake()
        void work.reconciliation.follow(now)
      },
    }),
  )
  const all = (): readonly OpenConnection[] => [
    ...new Map([...parts.fromFile(), ...enabled].map((each) => [each.id, each])).values(),
  ]
  const expiry = { expiries: store.expiries, notices, kept: store.notices, now: Date.now, log }
  void scheduleExpiryChecks(expiry, work.schedule, all)
  const { insecureTargets } = environment
  const changed = async (): Promise<void> => {
    await made.follow()
    processes.tell('connections')
  }
  return {
    editing: connectionEditing({
      ...{ store, keyring, insecureTargets, changed },
      trial: trialWith((work) => work(kit)),
    }),
    follow: () => void made.follow(),
  }
}
