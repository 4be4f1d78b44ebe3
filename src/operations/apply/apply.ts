import { parseConfiguration } from '../../config/load.ts'
import type { Configuration } from '../../model/configuration.ts'
import { GatewayError } from '../../model/errors.ts'
import type { Change } from '../../model/operator.ts'
import { type Applied, applyConfiguration } from '../../store/connections/configuration.ts'
import { enlistRest } from '../../store/connections/enlist.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { vendors } from '../../vendors/registry.ts'
import { applyDetaching, type Detaching } from './store.ts'

interface Tables {
  readonly db: Sql
  /** A change of tokens is believed by this process at once. */
  forgetTokens(): void
}

/** Applies a configuration, on behalf of whoever is named, else of the file itself. */
export async function applyTo(
  { db, forgetTokens }: Tables,
  configuration: Configuration,
  actor?: Change,
  detaching?: Detaching,
): Promise<Applied> {
  const applied = await (actor && detaching
    ? applyDetaching(db, configuration, actor, detaching)
    : applyConfiguration(db, configuration, actor))
  // A token that was taken away is refused from now on, whatever becomes of the rest.
  forgetTokens()
  for (const id of applied.added) await enlistRest(db, id)
  return applied
}

/** A configuration file as the command line sends it. */
export interface ConfigurationRequest extends Detaching {
  /** The file as it is written. */
  readonly text: string
  /** What `${NAME}` and `file:/path` in it stand for: secrets. */
  readonly variables: Readonly<Record<string, string>>
  readonly files: Readonly<Record<string, string>>
}

/** References are resolved from what was sent and from nothing of this machine. */
export function configurationOf(
  { text, variables, files }: ConfigurationRequest,
  insecureTargets: readonly string[],
): Configuration {
  const env = { ...variables, DRAWBRIDGE_INSECURE_TARGETS: insecureTargets.join(',') }
  const loaded = parseConfiguration(text, env, vendors, (path) => {
    const content = files[path]
    if (content === undefined) throw Object.assign(new Error('not sent'), { code: 'ENOENT' })
    return Buffer.from(content)
  })
  if (loaded.ok) return loaded.configuration
  const problems = loaded.problems.map(({ path, line, message }) => `line ${line}: ${path} ${message}`)
  throw new GatewayError('CONFIGURATION', problems.join('; '))
}
