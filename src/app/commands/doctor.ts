import type { Command } from 'commander'
import { defaultFile, examples, newCommand, type CommandContext } from '../../cli/command.ts'

export function doctorCommand(context: CommandContext): Command {
  return newCommand('doctor', context)
    .description('Examine one connection at its vendor, changing nothing, and show what is wrong.')
    .argument('<connection>', 'name of a connection, or <directory>/<connection>')
    .option('--config <file>', 'configuration file', defaultFile)
    .option('--json', 'print the report as JSON')
    .option(
      '--reprobe',
      'with apiProfile auto: detect the profile again, and keep it in the store of DATABASE_URL',
    )
    .addHelpText(
      'after',
      examples('doctor falcon --config drawbridge.yaml', 'doctor corp/sentry --json', 'doctor bi --reprobe'),
    )
    .action(async (connection: string, options: { config: string; json?: boolean; reprobe?: boolean }) => {
      const { doctor } = await import('./doctor-report.ts')
      context.finish(await doctor(connection, options, context.io, context.output))
    })
}
