import type { Command } from 'commander'
import { defaultFile, examples, newCommand, type CommandContext } from '../../cli/command.ts'

export function serveCommand(context: CommandContext): Command {
  return newCommand('serve', context)
    .description('Run the gateway until SIGINT or SIGTERM.')
    .option('--config <file>', 'configuration file', defaultFile)
    .addHelpText(
      'after',
      `${examples('serve --config drawbridge.yaml', 'serve   # reads ./drawbridge.yaml')}

Environment variables (all of them: docs/configuration.md, process settings):
  HOST, PORT              where to listen (default: 127.0.0.1, 8080)
  PUBLIC_URL              what the identity provider sees before /scim/v2
  TLS_CERT, TLS_KEY       PEM files; without them, plain http
  DATABASE_URL            a PostgreSQL of your own; without it, one is run in DRAWBRIDGE_DATA_DIR
  DRAWBRIDGE_DATA_DIR     where that one keeps its data (default: ./.drawbridge)
  DRAWBRIDGE_ADMIN_TOKEN  secret of the first admin of the operator API
  DRAWBRIDGE_MASTER_KEY   seals the credentials of connections that are created here
  LOG_LEVEL               fatal, error, warn, info (default), debug, trace or silent`,
    )
    .action(async (options: { config: string }) => {
      const { serve } = await import('./serve-gateway.ts')
      context.finish(await serve(options, context.io, context.output))
    })
}
