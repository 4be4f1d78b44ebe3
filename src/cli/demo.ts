import { runUntilStopped } from './closing.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import type { Output, Surroundings } from './output.ts'

/** Runs the demonstration: the gateway, simulated vendors and a scripted identity provider in one process. */
export async function demo(
  options: { readonly exit: boolean },
  { env }: Surroundings,
  output: Output,
): Promise<ExitCode> {
  const { runDemo } = await import('../demo/demo.ts')
  const code = await runUntilStopped(output, (stopped) =>
    runDemo({ exit: options.exit, env, out: output.line, paint: output.paint, stopped }),
  )
  return code === 0 ? exitCodes.ok : exitCodes.failed
}
