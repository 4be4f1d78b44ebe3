import type { Command } from 'commander'
import { examples, newCommand, type Parts } from '../command.ts'

export function demoCommand(parts: Parts): Command {
  return newCommand('demo', parts)
    .description('Run the gateway against simulated vendors and show a joiner, a mover and a leaver.')
    .option('--exit', 'stop when the demonstration is over; exit code 0 only if everything was proven')
    .addHelpText('after', examples('demo', 'demo --exit'))
    .action(async (options: { exit?: boolean }) => {
      const { demo } = await import('../demo.ts')
      parts.finish(await demo({ exit: options.exit === true }, parts.surroundings, parts.output))
    })
}
