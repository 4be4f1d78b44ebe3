import type { Command } from 'commander'
import { examples, newCommand, type CommandContext } from '../../cli/command.ts'
import { exitCodes } from '../../cli/exit-codes.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import { list } from '../../cli/table.ts'

interface Key {
  readonly id: string
  readonly held: boolean
  readonly seals: boolean
  readonly connections: number
  readonly processesWithout: number
}

export function keysCommand(context: CommandContext): Command {
  return newCommand('keys', context)
    .description('Master keys that kept credentials are sealed with; never the keys themselves.')
    .addCommand(listing(context))
    .addCommand(rotate(context))
}

function listing(context: CommandContext): Command {
  return operatorCommand('list', context)
    .description('Show the ids of keys, and how many connections are sealed with each.')
    .addHelpText('after', examples('keys list', 'keys list --json'))
    .action(async (options: OperatorOptions) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const columns = {
          KEY: ({ id }: Key) => id,
          HELD: ({ held }: Key) => yes(held),
          SEALS: ({ seals }: Key) => yes(seals),
          CONNECTIONS: ({ connections }: Key) => connections,
          'GATEWAYS WITHOUT': ({ processesWithout }: Key) => processesWithout,
        }
        const keys = await client.all<Key>('/keys')
        list(output, { json: options.json, name: 'keys', columns }, keys)
        return keys.some(({ held }) => !held) ? exitCodes.failed : undefined
      }),
    )
}

function rotate(context: CommandContext): Command {
  return operatorCommand('rotate', context)
    .description(
      'Seal everything that is kept under the first key of DRAWBRIDGE_MASTER_KEY; gateways go on meanwhile.',
    )
    .option('--force', 'although a gateway that runs does not hold the key, and could not be started again')
    .addHelpText('after', examples('keys rotate'))
    .action(async (options: OperatorOptions & { readonly force?: boolean }) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const { connections } = await client.call<{ connections: number }>(
          'POST',
          `/keys/rotate${options.force ? '?force=true' : ''}`,
        )
        if (options.json) output.json({ connections })
        else
          output.line(`${connections} connection${connections === 1 ? '' : 's'} sealed under the first key`)
        return undefined
      }),
    )
}

const yes = (holds: boolean): string => (holds ? 'yes' : 'no')
