import type { AnyVendor } from '../vendors/contract.ts'
import { checkConnection } from './connection.ts'
import type { ConnectionConfig } from '../model/configuration.ts'
import { findings } from './file/findings.ts'
import { pathText } from './file/problems.ts'
import { ConnectionSchema, namePattern, type RawConnection } from './file/schema.ts'

export type CheckedConnection =
  | { readonly ok: true; readonly connection: ConnectionConfig }
  /** In words: what and where. */
  | { readonly ok: false; readonly problems: readonly string[] }

/** One connection as a configuration file would hold it, by the same rules; references are not resolved. */
export function checkOne(
  name: string,
  raw: unknown,
  vendors: readonly AnyVendor[],
  insecureTargets: readonly string[],
): CheckedConnection {
  const shape = findings(ConnectionSchema, raw)
  const { value, findings: found } = checkConnection(name, raw as RawConnection, [], {
    vendors,
    insecureTargets,
    lineOf: () => 0,
    sound: (path) => !shape.some((each) => isPart(each.path, path) || isPart(path, each.path)),
  })
  const problems = [...shape, ...found].map(({ path, message }) => `${pathText(path)} ${message}`.trim())
  if (!new RegExp(namePattern).test(name))
    problems.push('name must be letters, digits, ".", "_" and "-", at most 63')
  return problems.length === 0 && value
    ? { ok: true, connection: value }
    : { ok: false, problems: [...new Set(problems)] }
}

const isPart = (path: readonly unknown[], of: readonly unknown[]): boolean =>
  path.length >= of.length && of.every((step, index) => String(step) === String(path[index]))
