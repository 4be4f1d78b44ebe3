import type { Command } from 'commander'
import { defaultFile, examples, newCommand, type Parts } from '../../cli/command.ts'

export function serveCommand(parts: Parts): Command {
  return newCommand('serve', parts)
    .description('Run the gateway until it is told to stop (SIGINT or SIGTERM).')
    .option('--config <file>', 'configuration file', defaultFile)
    .addHelpText('after', examples('serve --config drawbridge.yaml', 'serve   # reads ./drawbridge.yaml'))
    .action(async (options: { config: string }) => {
      const { serve } = await import('./serve-gateway.ts')
      parts.finish(await serve(options, parts.surroundings, parts.output))
    })
}
