import type { Change } from '../../../admin/ports.ts'
import type { Keyring } from '../../../secrets/keyring.ts'
import { keysOfProcesses } from '../../processes/heartbeat.ts'
import type { Sql } from '../../sql/client.ts'
import { changeCredentials, createConsole, markChecked, updateConsole } from './edit.ts'
import type { Detached } from '../detach.ts'
import { detachConsole, enableConsole } from './enable.ts'
import { consoleConnections, consoleMark, keysInUse, rotateKeys } from './sealed.ts'

type Bound<F> = F extends (db: Sql, ...rest: infer R) => infer A ? (...rest: R) => A : never

/** Connections that operators make: what a configuration file does not tell of. */
export interface ConsoleStore {
  readonly list: Bound<typeof consoleConnections>
  readonly mark: Bound<typeof consoleMark>
  readonly create: Bound<typeof createConsole>
  readonly update: Bound<typeof updateConsole>
  readonly changeCredentials: Bound<typeof changeCredentials>
  readonly markChecked: Bound<typeof markChecked>
  readonly enable: Bound<typeof enableConsole>
  detach(id: string, by: Change, options: { readonly abandon: boolean }): Promise<Detached | undefined>
  readonly keysInUse: Bound<typeof keysInUse>
  /** For each live process the ids of the master keys that it holds. */
  keysOfProcesses(): Promise<readonly (readonly string[])[]>
  rotateKeys(keyring: Keyring, by: Change, options?: { readonly force?: boolean }): Promise<number>
}

export function createConsoleStore(db: Sql): ConsoleStore {
  return {
    list: () => consoleConnections(db),
    mark: () => consoleMark(db),
    create: (...given) => createConsole(db, ...given),
    update: (...given) => updateConsole(db, ...given),
    changeCredentials: (...given) => changeCredentials(db, ...given),
    markChecked: (...given) => markChecked(db, ...given),
    enable: (...given) => enableConsole(db, ...given),
    detach: (...given) => detachConsole(db, ...given),
    keysInUse: () => keysInUse(db),
    keysOfProcesses: () => keysOfProcesses(db),
    rotateKeys: (...given) => rotateKeys(db, ...given),
  }
}
