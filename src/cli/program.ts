import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { newCommand, type Parts } from './command.ts'
import { exitCodeMeanings } from './exit-codes.ts'
import { checkCommand } from './check-command.ts'
import { completionCommand } from './completion-command.ts'
import { demoCommand } from './demo-command.ts'
import { doctorCommand } from './doctor-command.ts'
import { errorsCommand } from './errors-command.ts'
import { connectionCommand } from '../operations/connections/command.ts'
import { keysCommand } from '../operations/keys/command.ts'
import { evidenceCommand } from '../operations/evidence/command.ts'
import { inventoryCommand } from '../operations/inventory/command.ts'
import {
  driftCommand,
  importCommand,
  reconcileCommand,
  recoveredCommand,
} from '../operations/reconciliation/command.ts'
import { explainCommand } from '../operations/explain/command.ts'
import { accountCommand, retryCommand } from '../operations/accounts/command.ts'
import { applyCommand } from '../operations/apply/command.ts'
import { auditCommand } from '../operations/audit/command.ts'
import { approveCommand, rejectCommand } from '../operations/plans/decide-command.ts'
import { holdCommand, releaseCommand } from '../operations/holds/command.ts'
import { backupCommand, moveCommand, restoreCommand } from '../operations/backup/command.ts'
import { noticesCommand } from '../operations/notices/command.ts'
import { operatorsCommand } from '../operations/operators/command.ts'
import { statusCommand } from '../operations/connections/status-command.ts'
import { tokenCommand } from '../operations/tokens/command.ts'
import { planCommand } from '../operations/plans/command.ts'
import { serveCommand } from './serve-command.ts'
import { simulateCommand } from './simulate-command.ts'

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
