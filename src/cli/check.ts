import { loadConfiguration } from '../config/load.ts'
import type { ConnectionConfig, DirectoryConfig } from '../config/model.ts'
import type { Rule } from '../translators/model.ts'
import { vendorOf, vendors } from '../vendors/registry.ts'
import { reportFaults } from './configuration.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import type { Output, Surroundings } from './output.ts'

/** Checks a configuration file offline and shows what it means; secrets are never shown. */
export async function check(
  options: { readonly config: string; readonly json?: boolean },
  { env }: Pick<Surroundings, 'env'>,
  output: Output,
): Promise<ExitCode> {
  const loaded = loadConfiguration(options.config, env, vendors)
  if (!loaded.ok) {
    if (options.json) output.json({ ok: false, file: options.config, problems: loaded.problems })
    reportFaults(options.config, { environment: [], file: loaded.problems }, output)
    return exitCodes.usage
  }
  const { directories } = loaded.configuration
  if (options.json)
    output.json({ ok: true, file: options.config, directories: directories.map(withoutSecrets) })
  else for (const line of describe(options.config, directories, output)) output.line(line)
  return exitCodes.ok
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
    field('profile', apiProfile),
    field(
      'settings',
      listOf(Object.entries(settings).map(([key, value]) => `${key}=${JSON.stringify(value)}`)) || 'none',
    ),
    field('people', policy.people === 'assigned' ? 'everyone pushed' : 'whom a rule grants something'),
    field('login', policy.login),
    ...policy.rules.map((rule) =>
      field('rule', `group ${JSON.stringify(rule.group)} grants ${grantText(rule)}`),
    ),
    field('default', grantText(policy.default) || 'nothing'),
    field('when inactive', deprovision.inactive.join(', then ')),
    field('when deleted', deprovision.deleted.join(', then ')),
    field('rename', policy.rename),
    field('adopt', policy.adopt),
    field('reply', `within ${reply.budgetMs} ms; a pending shut-out: ${reply.pendingShutOut}`),
  ]
}

function grantText({ role, team, vendorGroup, scope }: Omit<Rule, 'group'>): string {
  const grants = Object.entries({ role, team, vendorGroup }).filter(([, name]) => name !== undefined)
  const where = Object.entries(scope ?? {}).map(([level, name]) => ` in ${level} ${JSON.stringify(name)}`)
  return listOf(grants.map(([kind, name]) => `${kind} ${JSON.stringify(name)}`)) + where.join('')
}

function field(name: string, value: string): string {
  return `  ${name.padEnd(14)} ${value}`
}

function listOf(values: readonly string[]): string {
  return values.join(', ')
}
