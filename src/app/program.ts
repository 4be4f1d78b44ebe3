import { type Command, CommanderError } from 'commander'
import { newCommand, type CommandContext } from '../cli/command.ts'
import { CommandFailure, type ExitCode, exitCodeMeanings, exitCodes } from '../cli/exit-codes.ts'
import { createOutput, type Output, type Io } from '../cli/output.ts'
import { explainedBy, GatewayError } from '../model/errors.ts'
import { accountCommand, retryCommand } from '../operations/accounts/command.ts'
import { applyCommand } from '../operations/apply/command.ts'
import { auditCommand } from '../operations/audit/command.ts'
import { backupCommand, moveCommand, restoreCommand } from '../operations/backup/command.ts'
import { connectionCommand } from '../operations/connections/command.ts'
import { statusCommand } from '../operations/connections/status-command.ts'
import { evidenceCommand } from '../operations/evidence/command.ts'
import { explainCommand } from '../operations/explain/command.ts'
import { holdCommand, releaseCommand } from '../operations/holds/command.ts'
import { importCommand } from '../operations/import/command.ts'
import { inventoryCommand } from '../operations/inventory/command.ts'
import { keysCommand } from '../operations/keys/command.ts'
import { noticesCommand } from '../operations/notices/command.ts'
import { operatorsCommand } from '../operations/operators/command.ts'
import { planCommand } from '../operations/plans/command.ts'
import { approveCommand, rejectCommand } from '../operations/plans/decide-command.ts'
import { driftCommand, reconcileCommand, recoveredCommand } from '../operations/reconciliation/command.ts'
import { tokenCommand } from '../operations/tokens/command.ts'
import { checkCommand } from './commands/check.ts'
import { completionCommand } from './commands/completion.ts'
import { demoCommand } from './commands/demo.ts'
import { doctorCommand } from './commands/doctor.ts'
import { errorsCommand } from './commands/errors.ts'
import { serveCommand } from './commands/serve.ts'
import { simulateCommand } from './commands/simulate.ts'
import { release } from './release.ts'

/**
 * By what they are for. Each command's definition stands with its feature or in src/app/commands; its code is loaded when it
 * runs, so that help answers at once.
 */
const commands: Readonly<Record<string, readonly ((context: CommandContext) => Command)[]>> = {
  'Start:': [serveCommand, demoCommand, simulateCommand],
  'Configure:': [checkCommand, doctorCommand, planCommand, applyCommand, connectionCommand],
  'Inspect:': [
    statusCommand,
    explainCommand,
    noticesCommand,
    inventoryCommand,
    driftCommand,
    auditCommand,
    evidenceCommand,
  ],
  'Operate:': [
    accountCommand,
    retryCommand,
    holdCommand,
    releaseCommand,
    approveCommand,
    rejectCommand,
    reconcileCommand,
    importCommand,
    recoveredCommand,
  ],
  'Administer:': [tokenCommand, operatorsCommand, keysCommand, backupCommand, restoreCommand, moveCommand],
  'Help:': [errorsCommand, completionCommand],
}

export function createProgram(context: CommandContext): Command {
  const program = newCommand('drawbridge', context)
    .description('One SCIM 2.0 service provider in front of vendors that have their own REST API.')
    .version(release(), '-V, --version', 'print the version')
    .addHelpText('after', exitCodeText)
    .commandsGroup('Help:')
  for (const [group, all] of Object.entries(commands))
    for (const command of all) program.addCommand(command(context).helpGroup(group))
  return program
}

const exitCodeText = `
Exit codes:
${Object.entries(exitCodeMeanings)
  .map(([code, meaning]) => `  ${code}  ${meaning}`)
  .join('\n')}

What an error means and what to do: drawbridge errors <code>.
In a checkout, "npm run drawbridge -- <command>" is the command line.`

const openOffline: CommandContext['openOffline'] = async (environment) =>
  (await import('./offline-api.ts')).openOffline(environment)

/** Carries out one command line and gives its exit code; never rejects. */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  const plain = createOutput(io)
  let told = ''
  const output: Output = { ...plain, problem: (text) => plain.problem((told = text)) }
  let code: ExitCode = exitCodes.ok
  const finish = (given: ExitCode) => {
    code = given
  }
  const program = createProgram({ io, output, finish, openOffline })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    // A command that told its problem itself, without saying where it is explained.
    if (code !== exitCodes.ok && told !== '' && !told.startsWith('see: '))
      output.problem(`see: ${explainedBy('exit', code)}`)
    return code
  } catch (error) {
    // The command line library has already written its message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    output.problem(failureText(error, io.env['LOG_LEVEL']))
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

/** One sentence; with `LOG_LEVEL=debug`, where it happened too. */
function failureText(error: unknown, logLevel: string | undefined): string {
  const detailed = logLevel === 'debug' || logLevel === 'trace'
  const stack = detailed && error instanceof Error && error.stack ? `\n${error.stack}` : ''
  if (error instanceof CommandFailure) return error.message + stack
  if (error instanceof GatewayError) return `${error.code}: ${error.message}${stack}`
  const message = error instanceof Error ? error.message : 'unknown reason'
  return `unexpected failure: ${message}${detailed ? stack : ' (LOG_LEVEL=debug shows where)'}`
}
