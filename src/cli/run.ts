import { CommanderError } from 'commander'
import { GatewayError } from '../errors.ts'
import { CommandFailure, exitCodes, type ExitCode } from './exit-codes.ts'
import { createOutput, type Surroundings } from './output.ts'
import { createProgram } from './program.ts'

/** Carries out one command line and gives its exit code; never rejects. */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const output = createOutput(surroundings)
  let code: ExitCode = exitCodes.ok
  const finish = (given: ExitCode) => {
    code = given
  }
  const program = createProgram({ surroundings, output, finish })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    // The command line library has already written its message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    output.problem(failureText(error))
    return error instanceof CommandFailure ? error.exitCode : exitCodes.failed
  }
}

function failureText(error: unknown): string {
  if (error instanceof CommandFailure) return error.message
  if (error instanceof GatewayError) return `${error.code}: ${error.message}`
  return error instanceof Error ? `unexpected failure: ${error.stack ?? error.message}` : 'unexpected failure'
}
