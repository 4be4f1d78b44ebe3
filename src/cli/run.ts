import { CommanderError } from 'commander'
import { explainedBy, GatewayError } from '../model/errors.ts'
import { CommandFailure, exitCodes, type ExitCode } from './exit-codes.ts'
import { createOutput, type Output, type Surroundings } from './output.ts'
import { createProgram } from './program.ts'

/** Carries out one command line and gives its exit code; never rejects. */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const plain = createOutput(surroundings)
  let told = ''
  const output: Output = { ...plain, problem: (text) => plain.problem((told = text)) }
  let code: ExitCode = exitCodes.ok
  const finish = (given: ExitCode) => {
    code = given
  }
  const program = createProgram({ surroundings, output, finish })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    // A command that told its problem itself, without saying where it is explained.
    if (code !== exitCodes.ok && told !== '' && !told.startsWith('see: '))
      output.problem(`see: ${explainedBy('exit', code)}`)
    return code
  } catch (error) {
    // The command line library has already written its message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    output.problem(failureText(error))
    output.problem(`see: ${seeOf(error)}`)
    return error instanceof CommandFailure ? error.exitCode : exitCodes.failed
  }
}

function seeOf(error: unknown): string {
  if (error instanceof CommandFailure) return error.see
  return error instanceof GatewayError
    ? explainedBy('gateway', error.code)
    : explainedBy('exit', exitCodes.failed)
}

function failureText(error: unknown): string {
  if (error instanceof CommandFailure) return error.message
  if (error instanceof GatewayError) return `${error.code}: ${error.message}`
  return error instanceof Error ? `unexpected failure: ${error.stack ?? error.message}` : 'unexpected failure'
}
