import { Argument, type Command } from 'commander'
import { examples, type CommandContext } from '../../cli/command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import { connectionOf } from '../../cli/names.ts'
import { table } from '../../cli/table.ts'
import { runCommand } from '../reconciliation/command.ts'

interface Listed {
  readonly account: { readonly id: string; readonly login: string }
  readonly decision?: { readonly decision: string; readonly detail?: string }
}

export const importCommand = (context: CommandContext): Command =>
  runCommand(
    context,
    'import',
    'Take over accounts that a vendor has already, as Users that wait for the identity provider to claim them.',
  )

const connection = ['<connection>', 'name of a connection, or <directory>/<connection>'] as const

export function undecidedCommand(context: CommandContext): Command {
  return operatorCommand('undecided', context)
    .description('Show accounts that an import could not place.')
    .argument(...connection)
    .addHelpText('after', examples('account undecided falcon'))
    .action(async (named: string, options: OperatorOptions) =>
      withClient(context, options, async (client, output) => {
        const { id } = await connectionOf(client, named)
        const accounts = await client.all<Listed>(`/connections/${id}/undecided`)
        if (options.json) output.json({ accounts })
        else
          table(
            output,
            ['AT THE VENDOR', 'LOGIN', 'WHY'],
            accounts.map((each) => [each.account.id, each.account.login, each.decision?.detail]),
          )
        return undefined
      }),
    )
}

export function decideCommand(context: CommandContext): Command {
  return operatorCommand('decide', context)
    .description('Decide what the next import does with an account that has no person.')
    .argument(...connection)
    .argument('<vendorAccountId>', 'its id at the vendor, as "account undecided" shows it')
    .addArgument(
      new Argument(
        '<decision>',
        'import: make it a User; link: link it to a User; ignore: leave it alone',
      ).choices(['import', 'link', 'ignore']),
    )
    .option('--user <id>', 'with link: the id of the User')
    .addHelpText(
      'after',
      examples(
        'account decide falcon 4711 ignore',
        'account decide falcon 4711 link --user 0197c6f0-0000-7000-8000-000000000000',
      ),
    )
    .action(
      async (
        named: string,
        vendorAccountId: string,
        decision: string,
        options: OperatorOptions & { readonly user?: string },
      ) =>
        withClient(context, options, async (client, output) => {
          const { id } = await connectionOf(client, named)
          const body = { vendorAccountId, decision, ...(options.user ? { userId: options.user } : {}) }
          await client.call('POST', `/connections/${id}/undecided`, body)
          if (options.json) output.json(body)
          else output.line(`the next import will ${decision} account ${vendorAccountId}`)
          return undefined
        }),
    )
}
