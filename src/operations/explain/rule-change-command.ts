import { loadConfiguration } from '../../config/load.ts'
import { readFailure } from '../../config/file.ts'
import { isConfiguration, loadFragment, type RuleFragment } from '../../config/rule-file.ts'
import type { Problem } from '../../config/problems.ts'
import type { RuleChangeEffect } from './rule-change.ts'
import { vendorOf, vendors } from '../../vendors/registry.ts'
import { reportFaults } from '../../cli/configuration.ts'
import { exitCodes, type ExitCode } from '../../cli/exit-codes.ts'
import type { Client } from '../../cli/client.ts'
import { connectionOf, type NamedConnection } from '../../cli/names.ts'
import type { Output, Io } from '../../cli/output.ts'
import { counted } from '../../cli/table.ts'
import type { Effect } from '../../translators/explain/model.ts'

interface Options {
  readonly rules: string
  readonly json?: boolean
}

/** Shows what changed rules would do to everybody of a connection; nothing is applied and no vendor is asked. */
export async function planRules(
  connection: string,
  options: Options,
  client: Client,
  io: Pick<Io, 'env'>,
  output: Output,
): Promise<ExitCode> {
  const facts = await connectionOf(client, connection)
  const loaded = loadRules(options.rules, facts, io)
  if (!loaded.ok) {
    reportFaults(options.rules, { environment: [], file: loaded.problems }, output)
    return exitCodes.usage
  }
  const path = `/connections/${facts.id}/rules/effect`
  const effect = await client.call<RuleChangeEffect>('POST', path, loaded.fragment)
  if (options.json) output.json(effect)
  else for (const line of effectLines(effect, output)) output.line(line)
  return exitCodes.ok
}

type Loaded =
  | { readonly ok: true; readonly fragment: RuleFragment }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** The rules of the connection in a whole configuration, or a file with nothing but rules. */
function loadRules(file: string, facts: NamedConnection, { env }: Pick<Io, 'env'>): Loaded {
  const vendor = vendorOf(facts.vendor)
  try {
    if (!isConfiguration(file)) {
      if (!vendor) return fault(`this release has no vendor ${facts.vendor}`)
      return loadFragment(file, vendor)
    }
  } catch (error) {
    const message = readFailure(error)
    if (message === undefined) throw error
    return fault(message)
  }
  const loaded = loadConfiguration(file, env, vendors)
  if (!loaded.ok) return loaded
  const found = loaded.configuration.directories
    .find(({ name }) => name === facts.directory)
    ?.connections.find(({ name }) => name === facts.name)
  if (!found) return fault(`has no connection ${facts.directory}/${facts.name}`)
  const { rules, default: byDefault, exclusive, people } = found.policy
  return { ok: true, fragment: { rules, default: byDefault, exclusive, people } }
}

function fault(message: string): Loaded {
  return { ok: false, problems: [{ path: '', line: 0, message }] }
}

const mostShown = 50

function effectLines(effect: RuleChangeEffect, { paint }: Output): readonly string[] {
  const { connection, people, changed, enters, leaves, entitlements, changes, unresolved } = effect
  return [
    `${paint('bold', connection)}: something would change for ${changed} of ${counted(people, 'person', 'people')}; ${enters} would get an account, ${leaves} would be shut out`,
    ...entitlements.map(({ name, gains, loses }) => `  ${name}: +${gains} -${loses}`),
    ...unresolved.map(
      ({ detail, people: count }) =>
        `  ${paint('yellow', 'not resolved')} for ${counted(count, 'person', 'people')}: ${detail}`,
    ),
    ...changes.slice(0, mostShown).map((each) => `  ${each.userName}: ${changeWords(each)}`),
    ...(changed > mostShown ? [`  … and ${changed - mostShown} more (--json lists them)`] : []),
  ]
}

const accountWords = { enters: 'gets an account', leaves: 'is shut out', returns: 'is switched on again' }

function changeWords({ account, gains, loses }: Effect): string {
  return [
    ...(account ? [accountWords[account]] : []),
    ...gains.map(({ name }) => `+ ${name}`),
    ...loses.map(({ name }) => `- ${name}`),
  ].join('; ')
}
