import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { newCommand, type Parts } from './command.ts'
import { exitCodeMeanings } from './exit-codes.ts'
import { checkCommand } from './commands/check.ts'
import { completionCommand } from './commands/completion.ts'
import { demoCommand } from './commands/demo.ts'
import { doctorCommand } from './commands/doctor.ts'
import { errorsCommand } from './commands/errors.ts'
import { connectionCommand } from './commands/connections/connection.ts'
import { keysCommand } from './commands/connections/keys.ts'
import { evidenceCommand } from './commands/findings/evidence.ts'
import { inventoryCommand } from './commands/findings/inventory.ts'
import { recoveredCommand } from './commands/findings/recovered.ts'
import { explainCommand } from './commands/explain.ts'
import { accountCommand } from './commands/operate/accounts.ts'
import { applyCommand } from './commands/operate/apply.ts'
import { auditCommand } from './commands/operate/audit.ts'
import { approveCommand, rejectCommand } from './commands/operate/decide.ts'
import { holdCommand, releaseCommand } from './commands/operate/hold.ts'
import { backupCommand, moveCommand, restoreCommand } from './commands/operate/keeping.ts'
import { noticesCommand } from './commands/operate/notices.ts'
import { operatorsCommand } from './commands/operate/operator.ts'
import { retryCommand } from './commands/operate/retry.ts'
import { driftCommand, importCommand, reconcileCommand } from './commands/operate/survey.ts'
import { statusCommand } from './commands/operate/status.ts'
import { tokenCommand } from './commands/operate/token.ts'
import { planCommand } from './commands/plan.ts'
import { serveCommand } from './commands/serve.ts'
import { simulateCommand } from './commands/simulate.ts'

/** Each command's definition is a file of src/cli/commands; its code is loaded when it runs, so that help answers at once. */
const commands: readonly ((parts: Parts) => Command)[] = [
  serveCommand,
  demoCommand,
  simulateCommand,
  checkCommand,
  doctorCommand,
  explainCommand,
  planCommand,
  applyCommand,
  statusCommand,
  connectionCommand,
  accountCommand,
  approveCommand,
  rejectCommand,
  holdCommand,
  releaseCommand,
  retryCommand,
  reconcileCommand,
  driftCommand,
  importCommand,
  inventoryCommand,
  evidenceCommand,
  recoveredCommand,
  noticesCommand,
  auditCommand,
  backupCommand,
  restoreCommand,
  moveCommand,
  tokenCommand,
  operatorsCommand,
  keysCommand,
  errorsCommand,
  completionCommand,
]

export function createProgram(parts: Parts): Command {
  const program = newCommand('drawbridge', parts)
    .description('One SCIM 2.0 service provider in front of vendors that have their own REST API.')
    .version(version(), '-V, --version', 'print the version')
    .addHelpText('after', exitCodeText)
  for (const command of commands) program.addCommand(command(parts))
  return program
}

const exitCodeText = `
Exit codes:
${Object.entries(exitCodeMeanings)
  .map(([code, meaning]) => `  ${code}  ${meaning}`)
  .join('\n')}

What an error means and what to do: drawbridge errors <code>.
In a checkout, "npm run drawbridge -- <command>" is the command line.`

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
