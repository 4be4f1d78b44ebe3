import type { Command } from 'commander'
import { type CommandContext, defaultFile, examples } from '../../cli/command.ts'
import { operatorCommand, withClient } from '../../cli/operator-command.ts'
import type { ApplyOptions } from './send.ts'

export function applyCommand(context: CommandContext): Command {
  return operatorCommand('apply', context)
    .description('Show what a configuration file would change, and apply it once you agree.')
    .option('--config <file>', 'configuration file', defaultFile)
    .option('--yes', 'apply without asking; needed when this is not a terminal')
    .option(
      '--detach <connection...>',
      'stop managing a connection that is not in the file; its accounts stay as they are',
    )
    .option('--abandon', 'detach although shut-outs are unproven there; they will not be carried out')
    .addHelpText(
      'after',
      examples('apply', 'apply --config drawbridge.yaml --yes', 'apply --detach corp/falcon'),
    )
    .action(async (options: ApplyOptions) =>
      withClient(context, { ...options, offline: 'new' }, async (client, output) => {
        const { sendConfiguration } = await import('./send.ts')
        return sendConfiguration(options, client, context.io, output)
      }),
    )
}
