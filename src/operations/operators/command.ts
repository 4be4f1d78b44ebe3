import { type Command, Option } from 'commander'
import { examples, newCommand, type CommandContext } from '../../cli/command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import {
  type SecretSummary,
  lifeColumns,
  lifetime,
  liveOne,
  type CreatedSecret,
  showCreatedSecret,
} from '../../cli/secrets.ts'
import { seconds } from '../../cli/names.ts'
import { list } from '../../cli/table.ts'

interface Operator extends SecretSummary {
  readonly role: string
  readonly directories?: readonly string[]
}

interface Options extends OperatorOptions {
  readonly role?: string
  readonly expiresIn?: number
  readonly directory?: readonly string[]
}

export function operatorsCommand(context: CommandContext): Command {
  return newCommand('operator', context)
    .description('People and programs that may use the operator API, each with a role.')
    .addCommand(create(context))
    .addCommand(listing(context))
    .addCommand(revoke(context))
}

function create(context: CommandContext): Command {
  return operatorCommand('create', context)
    .description('Create an operator and show its secret, this once.')
    .argument('<name>', 'name, as the audit will show it')
    .addOption(
      new Option('--role <role>', 'what the operator may do')
        .choices(['viewer', 'operator', 'admin'])
        .default('viewer'),
    )
    .option('--expires-in <time>', 'lifetime, such as 90d (default: 365d)', seconds)
    .option(
      '--directory <name>',
      'limit the operator to this directory; may be repeated',
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .addHelpText(
      'after',
      examples(
        'operator create ada --role admin',
        'operator create desk --role operator --directory corp --expires-in 90d',
      ),
    )
    .action(async (name: string, options: Options) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const { role, expiresIn, directory: directories, json } = options
        const body = { name, role, ...(directories ? { directories } : {}), ...lifetime(expiresIn) }
        const made = await client.call<Operator & CreatedSecret>('POST', '/operators', body)
        showCreatedSecret(output, json, made, `operator ${made.name} (${made.hint}), ${made.role}`)
        return undefined
      }),
    )
}

function listing(context: CommandContext): Command {
  return operatorCommand('list', context)
    .description('List operators: role, expiry, last use.')
    .addHelpText('after', examples('operator list', 'operator list --json'))
    .action(async (options: Options) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const columns = {
          NAME: ({ name }: Operator) => name,
          ROLE: ({ role }: Operator) => role,
          DIRECTORIES: ({ directories }: Operator) => directories?.join(', ') ?? 'all',
          HINT: ({ hint }: Operator) => hint,
          STATE: ({ state }: Operator) => state,
          ...lifeColumns,
        }
        const operators = await client.all<Operator>('/operators')
        list(output, { json: options.json, name: 'operators', columns }, operators)
        return undefined
      }),
    )
}

function revoke(context: CommandContext): Command {
  return operatorCommand('revoke', context)
    .description('Revoke the secret of an operator at once.')
    .argument('<operator>', 'name, hint or id')
    .addHelpText('after', examples('operator revoke ada'))
    .action(async (named: string, options: Options) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const { id, name } = liveOne('operator', await client.all<Operator>('/operators'), named)
        await client.call('DELETE', `/operators/${id}`)
        if (options.json) output.json({ revoked: id })
        else output.line(`operator ${name} revoked`)
        return undefined
      }),
    )
}
