import type { Command } from 'commander'
import { examples, type CommandContext } from '../../cli/command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import { counted, table, when } from '../../cli/table.ts'
import type { ConnectionStanding } from './store.ts'

export function statusCommand(context: CommandContext): Command {
  return operatorCommand('status', context)
    .description('Show what is pending at each connection.')
    .addHelpText('after', examples('status', 'status --json'))
    .action(async (options: OperatorOptions) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const connections = await client.all<ConnectionStanding>('/status')
        if (options.json) {
          output.json({ running: client.running, connections })
          return undefined
        }
        if (!client.running) output.line('No gateway is running; this is what the store says.')
        table(
          output,
          [
            'CONNECTION',
            'VENDOR',
            'MODE',
            'STATUS',
            'PEOPLE',
            'PROVEN',
            'PENDING',
            'FAILED',
            'IGNORED',
            'LEAVERS',
            'OLDEST LEAVER',
            'PLANS',
            'CREDENTIALS END',
          ],
          connections.map((each) => [
            `${each.directory}/${each.name}`,
            each.vendor,
            each.mode,
            each.status,
            each.accounts,
            each.proven,
            each.pending,
            each.failed,
            each.unmanaged,
            each.leavers,
            when(each.oldestLeaverAt),
            each.plansWaiting,
            when(each.credentialsEndAt),
          ]),
        )
        for (const { directory, name, unserved } of connections.filter((each) => each.unserved > 0))
          output.line(
            `${directory}/${name}: ${counted(unserved, 'account')} due for more than a minute, and no gateway works on ${unserved === 1 ? 'it' : 'them'}`,
          )
        for (const { directory, name, replyDeviations } of connections)
          for (const { route, field, count, since } of replyDeviations)
            output.line(
              `${directory}/${name} answers otherwise than documented: ${route} ${field} (${count}×, since ${when(since)})`,
            )
        return undefined
      }),
    )
}
