import type { Command } from 'commander'
import { examples, type Parts } from '../../command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../operate/command.ts'

interface Options extends OperatorOptions {
  readonly wait?: boolean
}

export const reconcileCommand = (parts: Parts): Command =>
  survey(
    parts,
    'reconcile',
    'Compare a vendor’s accounts and groups with what is wanted and held, and show the drift.',
  )

export const importCommand = (parts: Parts): Command =>
  survey(
    parts,
    'import',
    'Take over accounts that a vendor has already, as Users that nobody has claimed yet.',
  )

export const driftCommand = (parts: Parts): Command =>
  operatorCommand('drift', parts)
    .description(
      'Show what the last reconciliation found, without another one: accounts and groups that differ.',
    )
    .argument('<connection>', 'name of a connection, or <directory>/<connection>')
    .option('--kind <kind>', 'only drift of this kind')
    .addHelpText('after', examples('drift falcon', 'drift corp/sentry --kind group-missing --json'))
    .action(async (named: string, options: OperatorOptions & { readonly kind?: string }) =>
      withClient(parts, options, async (client, output) => {
        const { showDrift } = await import('../../operate/survey.ts')
        return showDrift(client, output, { ...options, named })
      }),
    )

function survey(parts: Parts, kind: 'reconcile' | 'import', description: string): Command {
  return operatorCommand(kind, parts)
    .description(description)
    .argument('<connection>', 'name of a connection, or <directory>/<connection>')
    .option('--no-wait', 'only have it done, and do not wait for the end')
    .addHelpText('after', examples(`${kind} falcon`, `${kind} corp/sentry --no-wait`))
    .action(async (named: string, options: Options) =>
      withClient(parts, options, async (client, output) => {
        const { walk } = await import('../../operate/survey.ts')
        return walk(client, parts.surroundings, output, { ...options, kind, named })
      }),
    )
}
