import { type Command, Option } from 'commander'
import { examples, newCommand, type CommandContext, portNumber } from '../../cli/command.ts'

export function simulateCommand(context: CommandContext): Command {
  return newCommand('simulate', context)
    .description('Run simulated vendor APIs on this machine until Ctrl-C.')
    .argument('<vendor>', 'id of a vendor, or "all"')
    .option('--port <number>', 'port of the first simulator (default: any free port)', portNumber)
    .addOption(
      new Option('--profile <profile>', 'API profile of the connection to print').choices([
        'current',
        'legacy',
        'guide',
      ]),
    )
    .option('--json', 'print the addresses as JSON')
    .addHelpText('after', examples('simulate sentry --port 9001', 'simulate all --json'))
    .action(async (vendor: string, options: { port?: number; profile?: string; json?: boolean }) => {
      const { simulate } = await import('./simulate-vendors.ts')
      context.finish(await simulate(vendor, options, context.output))
    })
}
