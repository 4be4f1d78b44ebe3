import { loadConfiguration } from '../../config/load.ts'
import type { ConnectionConfig, DirectoryConfig } from '../../model/configuration.ts'
import { configurationCode } from '../../dictionary/entries/configuration.ts'
import { explainedBy } from '../../model/errors.ts'
import { grantWords, ruleWords } from '../../translators/rules/right-side.ts'
import { ruleHints, type RuleHint } from '../../doctor/rules.ts'
import { vendorOf, vendors } from '../../vendors/registry.ts'
import { reportFaults } from '../../cli/configuration.ts'
import { exitCodes, type ExitCode } from '../../cli/exit-codes.ts'
import type { Output, Io } from '../../cli/output.ts'
import type { GuardLimit } from '../../model/policy.ts'

/** Checks a configuration file, offline unless `live`, and shows what it means; secrets are never shown. */
export async function check(
  options: { readonly config: string; readonly live?: boolean; readonly json?: boolean },
  { env }: Pick<Io, 'env'>,
  output: Output,
): Promise<ExitCode> {
  const loaded = loadConfiguration(options.config, env, vendors)
  if (!loaded.ok) {
    if (options.json) {
      const problems = loaded.problems.map((each) => ({
        ...each,
        see: explainedBy('configuration', configurationCode(each.path)),
      }))
      output.json({ ok: false, file: options.config, problems })
    }
    reportFaults(options.config, { environment: [], file: loaded.problems }, output)
    return exitCodes.usage
  }
  const { directories } = loaded.configuration
  const hints = [...ruleHints(directories, vendorOf), ...(options.live ? await live(directories, env) : [])]
  const ok = hints.every(({ state }) => state !== 'failed')
  if (options.json)
    output.json({ ok, file: options.config, directories: directories.map(withoutSecrets), hints })
  else {
    for (const line of describe(options.config, directories, output)) output.line(line)
    for (const line of hintLines(hints, output)) output.line(line)
  }
  return ok ? exitCodes.ok : exitCodes.failed
}

async function live(directories: readonly DirectoryConfig[], env: Io['env']): Promise<readonly RuleHint[]> {
  const { checkLive } = await import('./check-live.ts')
  return checkLive(directories, { env })
}

const styles = { hint: 'yellow', failed: 'red', unknown: 'yellow' } as const

function hintLines(hints: readonly RuleHint[], { paint }: Output): readonly string[] {
  const lines = hints.map(
    ({ state, detail, ...place }) => `${paint(styles[state], state)} ${placeWords(place)}${detail}`,
  )
  return lines.length > 0 ? ['', ...lines] : []
}

function placeWords({ directory, connection, rule, line }: Omit<RuleHint, 'state' | 'detail'>): string {
  const where = connection === undefined ? directory : `${directory}/${connection}`
  const which = rule === undefined ? '' : rule === 'default' ? ' default' : ` rule ${rule + 1}`
  const place = `${where}${which}${line === undefined ? '' : ` (line ${line})`}`
  return place === '' ? '' : `${place}: `
}

function withoutSecrets({ tokens, connections, ...directory }: DirectoryConfig): object {
  return {
    ...directory,
    tokens: tokens.map(({ name }) => name),
    connections: connections.map(({ credentials: _, ...connection }) => connection),
  }
}

function describe(
  file: string,
  directories: readonly DirectoryConfig[],
  { paint }: Output,
): readonly string[] {
  return [
    `${paint('green', 'ok')} ${file}`,
    ...directories.flatMap((directory) => [
      '',
      `directory ${paint('bold', directory.name)}`,
      field('client', directory.client),
      field(
        'tokens',
        listOf(directory.tokens.map(({ name }) => name)) || 'none: no identity provider can reach it',
      ),
      field('domains', listOf(directory.domains) || 'any'),
      ...directory.connections.flatMap((connection) => [
        `  connection ${paint('bold', connection.name)}`,
        ...describeConnection(connection).map((line) => `  ${line}`),
      ]),
    ]),
  ]
}

function describeConnection({ vendor, apiProfile, settings, policy }: ConnectionConfig): readonly string[] {
  const { deprovision, reply } = policy
  return [
    field('vendor', vendorOf(vendor)?.name ?? vendor),
    field('mode', policy.mode),
    field('profile', apiProfile),
    field(
      'settings',
      listOf(Object.entries(settings).map(([key, value]) => `${key}=${JSON.stringify(value)}`)) || 'none',
    ),
    field(
      'people',
      policy.people === 'assigned' ? 'everyone who is pushed' : 'only people to whom a rule grants something',
    ),
    field('login', policy.login),
    ...policy.rules.map((rule) => field('rule', ruleWords(rule))),
    field('default', grantWords(policy.default) || 'nothing'),
    ...(policy.exclusive ? [field('exclusive', 'what Drawbridge did not grant is revoked too')] : []),
    field('when inactive', deprovision.inactive.join(', then ')),
    field('when deleted', deprovision.deleted.join(', then ')),
    ...(deprovision.graceDays > 0 ? [field('grace', `${deprovision.graceDays} days before a removal`)] : []),
    field('rename', policy.rename),
    field('adopt', policy.adopt),
    field('protect', listOf(policy.guard.protect) || 'no one'),
    field('shut-outs', limitText(policy.guard.shutOuts)),
    field('revokes', limitText(policy.guard.revokes)),
    field('reply', `within ${reply.budgetMs} ms; a pending shut-out: ${reply.pendingShutOut}`),
  ]
}

function limitText({ count, withinMs, percent }: GuardLimit): string {
  const share = percent === undefined ? '' : `, or ${percent} % of the accounts if that is less`
  return `${count} within ${withinMs / 60_000} minutes${share}; the rest waits`
}

function field(name: string, value: string): string {
  return `  ${name.padEnd(14)} ${value}`
}

function listOf(values: readonly string[]): string {
  return values.join(', ')
}
