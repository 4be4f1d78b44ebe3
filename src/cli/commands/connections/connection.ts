import type { Command } from 'commander'
import { examples, newCommand, type Parts } from '../../command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../operate/command.ts'
import { list, when } from '../../operate/show/table.ts'
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
    .addCommand(listing(parts))
  for (const command of [...changeCommands(parts), ...standCommands(parts)]) group.addCommand(command)
  return group
}

function listing(parts: Parts): Command {
  return operatorCommand('list', parts)
    .description('Show connections: where they are from, how they stand, when their credentials end.')
    .addHelpText('after', examples('connection list', 'connection list --json'))
    .action(async (options: OperatorOptions) =>
      withClient(parts, { ...options, alone: true }, async (client, output) => {
        const columns = {
          CONNECTION: ({ directory, name }: Connection) => `${directory}/${name}`,
          VENDOR: ({ vendor }: Connection) => vendor,
          MODE: ({ mode }: Connection) => mode,
          FROM: ({ source }: Connection) => source,
          STATUS: ({ status }: Connection) => status,
          CHECKED: ({ checkedAt }: Connection) => when(checkedAt),
          'CREDENTIALS END': ({ credentialsEndAt }: Connection) => when(credentialsEndAt),
        }
        const connections = await client.all<Connection>('/connections')
        list(output, { json: options.json, name: 'connections', columns }, connections)
        return undefined
      }),
    )
}
