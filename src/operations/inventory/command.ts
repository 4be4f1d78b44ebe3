import type { Command } from 'commander'
import { examples, type CommandContext } from '../../cli/command.ts'
import { exitCodes } from '../../cli/exit-codes.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import { connectionOf } from '../../cli/names.ts'
import { counted } from '../../cli/table.ts'

interface Options extends OperatorOptions {
  readonly live?: boolean
  readonly roles?: boolean
  readonly orphans?: boolean
  readonly dormant?: string
  readonly invited?: string
  readonly propose?: boolean
}

export function inventoryCommand(context: CommandContext): Command {
  return operatorCommand('inventory', context)
    .description('Write who has what at a vendor as CSV; with --json as one line of JSON for each account.')
    .argument('<connection>', 'name of a connection, or <directory>/<connection>')
    .option('--live', 'list the vendor’s accounts now instead of showing what was listed last')
    .option(
      '--roles',
      'read what each account holds where the vendor’s list does not show it: one call for each account',
    )
    .option('--orphans', 'only accounts without a person')
    .option('--dormant <days>', 'only accounts whose last login was at least this many days ago')
    .option('--invited <days>', 'only invitations that have not been accepted for this many days')
    .option(
      '--propose',
      'with --dormant: plan to shut these people out; the plans wait for "drawbridge approve"',
    )
    .addHelpText(
      'after',
      examples(
        'inventory falcon --live --roles > falcon.csv',
        'inventory falcon --orphans --json',
        'inventory sentry --dormant 90 --propose',
      ),
    )
    .action(async (named: string, options: Options) =>
      withClient(context, options, async (client, output) => {
        const connection = await connectionOf(client, named)
        const path = `/connections/${connection.id}/inventory`
        if (options.propose) {
          if (options.dormant === undefined) {
            output.problem('--propose needs --dormant: say after how many days.')
            return exitCodes.usage
          }
          const body = { dormantDays: Number(options.dormant) }
          const made = await client.call<{ batch: string; proposed: number }>(
            'POST',
            `${path}/proposals`,
            body,
          )
          if (options.json) output.json(made)
          else
            output.line(
              `${counted(made.proposed, 'shut-out')} proposed; approve or reject with --batch ${made.batch}`,
            )
          return undefined
        }
        const query = new URLSearchParams({
          format: options.json ? 'ndjson' : 'csv',
          ...(options.live ? { live: 'true' } : {}),
          ...(options.roles ? { roles: 'true' } : {}),
          ...(options.orphans ? { orphans: 'true' } : {}),
          ...(options.dormant === undefined ? {} : { dormantDays: options.dormant }),
          ...(options.invited === undefined ? {} : { invitedDays: options.invited }),
        })
        await client.stream(`${path}?${query.toString()}`, (text) => void context.io.stdout.write(text))
        return undefined
      }),
    )
}
