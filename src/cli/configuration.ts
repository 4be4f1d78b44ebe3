import { loadEnvironment } from '../config/environment.ts'
import { loadConfiguration } from '../config/load.ts'
import { type Problem } from '../config/problems.ts'
import type { Configuration, Environment } from '../model/configuration.ts'
import { configurationCode } from '../dictionary/entries/configuration.ts'
import { explainedBy } from '../model/errors.ts'
import { vendors } from '../vendors/registry.ts'
import type { Output, Io } from './output.ts'

/** Everything wrong with what a command was configured with. */
export interface Faults {
  readonly environment: readonly { readonly name: string; readonly message: string }[]
  readonly file: readonly Problem[]
}

export type Settings =
  | { readonly ok: true; readonly environment: Environment; readonly configuration: Configuration }
  | { readonly ok: false; readonly faults: Faults }

/** Reads the environment and a configuration file; reports the problems of both together. */
export function readSettings(file: string, { env }: Pick<Io, 'env'>): Settings {
  const environment = loadEnvironment(env)
  const loaded = loadConfiguration(file, env, vendors)
  if (environment.ok && loaded.ok)
    return { ok: true, environment: environment.environment, configuration: loaded.configuration }
  return {
    ok: false,
    faults: {
      environment: environment.ok ? [] : environment.problems,
      file: loaded.ok ? [] : loaded.problems,
    },
  }
}

/** Writes one line a problem on the error stream. */
export function reportFaults(file: string, { environment, file: problems }: Faults, output: Output): void {
  const count = environment.length + problems.length
  output.problem(`The configuration cannot be used: ${count} problem${count === 1 ? '' : 's'}.`)
  for (const { name, message } of environment) output.problem(`environment: ${name} ${message}`)
  for (const { path, line, message } of problems) {
    const place = line > 0 ? `${file}:${line}` : file
    output.problem(path ? `${place}: ${path} ${message}` : `${place}: ${message}`)
  }
  const codes = new Set([
    ...environment.map(() => 'environment'),
    ...problems.map(({ path }) => configurationCode(path)),
  ])
  for (const code of codes) output.problem(`see: ${explainedBy('configuration', code)}`)
}
