import type { Command } from 'commander'
import { examples, type Parts } from '../command.ts'
import { operatorCommand, withClient } from '../operate/command.ts'
import type { ExplainOptions } from '../rules/explain.ts'

export function explainCommand(parts: Parts): Command {
  return operatorCommand('explain', parts)
    .description('Show why a person has what they have at each vendor, and why not what they have not.')
    .argument('<userName>', 'userName of a person in the directory')
    .option('--directory <name>', 'only in this directory')
    .option('--connection <name>', 'only at this connection: its name, or <directory>/<connection>')
    .option(
      '--without-group <name>',
      'suppose that the person is not in this group; may be repeated',
      collect,
    )
    .option('--with-group <name>', 'suppose that the person is in this group too; may be repeated', collect)
    .addHelpText(
      'after',
      examples(
        'explain ada@corp.example',
        'explain ada@corp.example --connection falcon --without-group "Falcon Admins"',
      ),
    )
    .action(async (userName: string, options: ExplainOptions) =>
      withClient(parts, { ...options, alone: true }, async (client, output) => {
        const { explain } = await import('../rules/explain.ts')
        return explain(userName, options, client, output)
      }),
    )
}

function collect(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name]
}
