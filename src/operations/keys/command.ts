import type { Command } from 'commander'
import { examples, newCommand, type CommandContext } from '../../cli/command.ts'
import { exitCodes } from '../../cli/exit-codes.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import { counted, list } from '../../cli/table.ts'

interface Key {
  readonly id: string
  readonly held: boolean
  readonly seals: boolean
  readonly connections: number
  readonly processesWithout: number
}

export function keysCommand(context: CommandContext): Command {
  return newCommand('keys', context)
    .description('Master keys that stored credentials are sealed with; the keys themselves are never shown.')
    .addCommand(listing(context))
    .addCommand(rotate(context))
}

function listing(context: CommandContext): Command {
  return operatorCommand('list', context)
    .description('List the ids of the keys, and how many connections are sealed with each.')
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
      'Seal all stored credentials with the first key of DRAWBRIDGE_MASTER_KEY; gateways keep running.',
    )
    .option('--force', 'rotate even if a running gateway lacks the key and could not start again')
    .addHelpText('after', examples('keys rotate'))
    .action(async (options: OperatorOptions & { readonly force?: boolean }) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const { connections } = await client.call<{ connections: number }>(
          'POST',
          `/keys/rotate${options.force ? '?force=true' : ''}`,
        )
        if (options.json) output.json({ connections })
        else output.line(`${counted(connections, 'connection')} sealed with the first key`)
        return undefined
      }),
    )
}

const yes = (holds: boolean): string => (holds ? 'yes' : 'no')
