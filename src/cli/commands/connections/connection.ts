import type { Command } from 'commander'
import { examples, newCommand, type Parts } from '../../command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../operate/command.ts'
import { table, when } from '../../operate/show/table.ts'
import { changeCommands } from './change.ts'
import { standCommands } from './stand.ts'

interface Connection {
  readonly id: string
  readonly directory: string
  readonly name: string
  readonly vendor: string
  readonly mode: string
  readonly source: string
  readonly status: string
  readonly checkedAt?: string
  readonly credentialsEndAt?: string
}

export function connectionCommand(parts: Parts): Command {
  const group = newCommand('connection', parts)
    .description('Connections, and those that are made through the operator API instead of the file.')
    .addCommand(list(parts))
  for (const command of [...changeCommands(parts), ...standCommands(parts)]) group.addCommand(command)
  return group
}

function list(parts: Parts): Command {
  return operatorCommand('list', parts)
    .description('Show connections: where they are from, how they stand, when their credentials end.')
    .addHelpText('after', examples('connection list', 'connection list --json'))
    .action(async (options: OperatorOptions) =>
      withClient(parts, { ...options, alone: true }, async (client, output) => {
        const connections = await client.all<Connection>('/connections')
        if (options.json) output.json({ connections })
        else
          table(
            output,
            ['CONNECTION', 'VENDOR', 'MODE', 'FROM', 'STATUS', 'CHECKED', 'CREDENTIALS END'],
            connections.map((each) => [
              `${each.directory}/${each.name}`,
              each.vendor,
              each.mode,
              each.source,
              each.status,
              when(each.checkedAt),
              when(each.credentialsEndAt),
            ]),
          )
        return undefined
      }),
    )
}
