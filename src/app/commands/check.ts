import type { Command } from 'commander'
import { defaultFile, examples, newCommand, type CommandContext } from '../../cli/command.ts'

export function checkCommand(context: CommandContext): Command {
  return newCommand('check', context)
    .description('Check a configuration file, and show what it means; without --live nobody is contacted.')
    .option('--config <file>', 'configuration file', defaultFile)
    .option(
      '--live',
      'compare the rules with the vendors’ catalogues too, and with the store of DATABASE_URL; creations are judged where a vendor can',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples('check --config drawbridge.yaml', 'check --live', 'check --json'))
    .action(async (options: { config: string; live?: boolean; json?: boolean }) => {
      const { check } = await import('./check-file.ts')
      context.finish(await check(options, context.io, context.output))
    })
}
