import type { Command } from 'commander'
import { defaultFile, examples, newCommand, type CommandContext } from '../../cli/command.ts'

export function checkCommand(context: CommandContext): Command {
  return newCommand('check', context)
    .description('Check a configuration file and show what it means; without --live, nothing is contacted.')
    .option('--config <file>', 'configuration file', defaultFile)
    .option(
      '--live',
      'also compare the rules with the vendors’ catalogues, and with the store of DATABASE_URL; let vendors that can judge creations do so',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples('check --config drawbridge.yaml', 'check --live', 'check --json'))
    .action(async (options: { config: string; live?: boolean; json?: boolean }) => {
      const { check } = await import('./check-file.ts')
      context.finish(await check(options, context.io, context.output))
    })
}
