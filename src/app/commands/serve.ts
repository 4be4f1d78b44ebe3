import type { Command } from 'commander'
import { defaultFile, examples, newCommand, type CommandContext } from '../../cli/command.ts'

export function serveCommand(context: CommandContext): Command {
  return newCommand('serve', context)
    .description('Run the gateway until it is told to stop (SIGINT or SIGTERM).')
    .option('--config <file>', 'configuration file', defaultFile)
    .addHelpText('after', examples('serve --config drawbridge.yaml', 'serve   # reads ./drawbridge.yaml'))
    .action(async (options: { config: string }) => {
      const { serve } = await import('./serve-gateway.ts')
      context.finish(await serve(options, context.io, context.output))
    })
}
