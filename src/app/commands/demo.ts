import type { Command } from 'commander'
import { examples, newCommand, type CommandContext } from '../../cli/command.ts'
import { exitCodes } from '../../cli/exit-codes.ts'

export function demoCommand(context: CommandContext): Command {
  return newCommand('demo', context)
    .description('Run the gateway against simulated vendors and show a joiner, a mover and a leaver.')
    .option('--exit', 'stop when the demo is over; exit code 0 only if everything converged')
    .addHelpText('after', examples('demo', 'demo --exit'))
    .action(async (options: { exit?: boolean }) => {
      const { runUntilStopped } = await import('../../cli/shutdown.ts')
      const { runDemo } = await import('../../demo/demo.ts')
      const { output, io } = context
      const { line: out, paint } = output
      const code = await runUntilStopped(output, (stopped) =>
        runDemo({ exit: options.exit === true, env: io.env, out, paint, stopped }),
      )
      context.finish(code === 0 ? exitCodes.ok : exitCodes.failed)
    })
}
