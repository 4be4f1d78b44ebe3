import type { Command } from 'commander'
import { examples, type CommandContext } from '../../cli/command.ts'
import { exitCodes } from '../../cli/exit-codes.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import { connectionOf, pathOf } from '../../cli/names.ts'
import { counted } from '../../cli/table.ts'

interface Options extends OperatorOptions {
  readonly plan?: readonly string[]
  readonly batch?: string
  readonly all?: boolean
}

export const approveCommand = (context: CommandContext): Command =>
  decision(context, 'approve', 'approved', 'Approve plans that wait at a connection: they are carried out.')

export const rejectCommand = (context: CommandContext): Command =>
  decision(
    context,
    'reject',
    'rejected',
    'Reject plans that wait at a connection; a plan that differs waits again.',
  )

function decision(context: CommandContext, name: string, done: string, description: string): Command {
  return operatorCommand(name, context)
    .description(description)
    .argument('<connection>', 'name of a connection, or <directory>/<connection>')
    .option('--plan <id...>', 'only these plans, as "plan" shows them')
    .option('--batch <batch>', 'only plans of this batch')
    .option('--all', 'all plans that wait there')
    .addHelpText(
      'after',
      examples(`${name} falcon --all`, `${name} falcon --plan 0197c6f0-0000-7000-8000-000000000000`),
    )
    .action(async (named: string, { plan: ids, batch, all, ...options }: Options) =>
      withClient(context, options, async (client, output) => {
        if ([ids, batch, all].filter((each) => each !== undefined).length !== 1) {
          output.problem('Say which plans: give exactly one of --plan, --batch and --all.')
          return exitCodes.usage
        }
        const connection = await connectionOf(client, named)
        const { decided } = await client.call<{ decided: number }>(
          'POST',
          `/connections/${connection.id}/plans/${name}`,
          {
            ...(ids ? { ids } : {}),
            ...(batch === undefined ? {} : { batch }),
            ...(all ? { all: true } : {}),
          },
        )
        if (options.json) output.json({ decided })
        else output.line(`${counted(decided, 'plan')} ${done} at ${pathOf(connection)}`)
        return undefined
      }),
    )
}
