import { type Command, Option } from 'commander'
import { examples, newCommand, type Parts } from '../../command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../operate/command.ts'
import { seconds } from '../../operate/seconds.ts'
import { table, when } from '../../operate/show/table.ts'

interface Operator {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly hint: string
  readonly state: string
  readonly createdAt: string
  readonly expiresAt?: string
  readonly lastUsedAt?: string
  readonly secret?: string
}

interface Options extends OperatorOptions {
  readonly role?: string
  readonly expiresIn?: number
}

export function operatorsCommand(parts: Parts): Command {
  return newCommand('operator', parts)
    .description('People and programs that may use the operator API: viewer, operator, admin.')
    .addCommand(create(parts))
    .addCommand(list(parts))
    .addCommand(revoke(parts))
}

function create(parts: Parts): Command {
  return operatorCommand('create', parts)
    .description('Make an operator and show the secret, this once.')
    .argument('<name>', 'as events will show it')
    .addOption(
      new Option('--role <role>', 'what the operator may do')
        .choices(['viewer', 'operator', 'admin'])
        .default('viewer'),
    )
    .option('--expires-in <time>', 'such as 90d; without it, never', seconds)
    .addHelpText(
      'after',
      examples('operator create ada --role admin', 'operator create grafana --expires-in 365d'),
    )
    .action(async (name: string, options: Options) =>
      withClient(parts, { ...options, alone: true }, async (client, output) => {
        const { role, expiresIn } = options
        const body = { name, role, ...(expiresIn ? { expiresInSeconds: expiresIn } : {}) }
        const made = await client.call<Operator>('POST', '/operators', body)
        if (options.json) output.json(made)
        else {
          output.line(`operator ${made.name} (${made.hint}), ${made.role}`)
          output.line(`${made.secret}`)
          output.line('Copy the secret now: it is not shown again.')
        }
        return undefined
      }),
    )
}

function list(parts: Parts): Command {
  return operatorCommand('list', parts)
    .description('Show operators: role, expiry, last use.')
    .addHelpText('after', examples('operator list', 'operator list --json'))
    .action(async (options: Options) =>
      withClient(parts, { ...options, alone: true }, async (client, output) => {
        const operators = await client.all<Operator>('/operators')
        if (options.json) output.json({ operators })
        else
          table(
            output,
            ['NAME', 'ROLE', 'HINT', 'STATE', 'CREATED', 'EXPIRES', 'LAST USED'],
            operators.map((each) => [
              each.name,
              each.role,
              each.hint,
              each.state,
              when(each.createdAt),
              when(each.expiresAt),
              when(each.lastUsedAt),
            ]),
          )
        return undefined
      }),
    )
}

function revoke(parts: Parts): Command {
  return operatorCommand('revoke', parts)
    .description('End an operator’s secret now.')
    .argument('<operator>', 'name, hint or id')
    .addHelpText('after', examples('operator revoke ada'))
    .action(async (named: string, options: Options) =>
      withClient(parts, { ...options, alone: true }, async (client, output) => {
        const { oneOf } = await import('../../operate/choose.ts')
        const live = (await client.all<Operator>('/operators')).filter(({ state }) => state === 'live')
        const { id, name } = oneOf('live operator', live, named)
        await client.call('DELETE', `/operators/${id}`)
        if (options.json) output.json({ revoked: id })
        else output.line(`operator ${name} revoked`)
        return undefined
      }),
    )
}
