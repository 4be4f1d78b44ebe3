import type { Command } from 'commander'
import type { Client } from '../../cli/client.ts'
import { examples, type CommandContext } from '../../cli/command.ts'
import { type ExitCode, exitCodes } from '../../cli/exit-codes.ts'
import { operatorCommand, withClient } from '../../cli/operator-command.ts'
import type { Output } from '../../cli/output.ts'
import { explanationLines } from '../../translators/explain/words.ts'
import type { ExplainedPerson } from './explain.ts'

export function explainCommand(context: CommandContext): Command {
  return operatorCommand('explain', context)
    .description('Show why a person has the access they have at each vendor, and why they lack the rest.')
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
      withClient(context, { ...options, offline: true }, async (client, output) => {
        return explain(userName, options, client, output)
      }),
    )
}

function collect(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name]
}

interface ExplainOptions {
  readonly directory?: string
  readonly connection?: string
  readonly withoutGroup?: readonly string[]
  readonly withGroup?: readonly string[]
  readonly json?: boolean
  readonly url?: string
}

/** Shows why a person has the access they have, out of the store alone. */
async function explain(
  userName: string,
  { directory, connection, withoutGroup = [], withGroup = [], json }: ExplainOptions,
  client: Client,
  output: Output,
): Promise<ExitCode> {
  const path = `/people/${encodeURIComponent(userName)}/explanation`
  const { items: people } = await client.call<{ items: readonly ExplainedPerson[] }>('POST', path, {
    ...(directory === undefined ? {} : { directory }),
    ...(connection === undefined ? {} : { connection }),
    without: withoutGroup,
    with: withGroup,
  })
  if (json) output.json({ userName, people })
  else for (const line of people.flatMap((person) => lines(person, output))) output.line(line)
  if (people.length > 0) return exitCodes.ok
  output.problem(`There is no User with the userName ${userName}.`)
  return exitCodes.failed
}

function lines(person: ExplainedPerson, { paint }: Output): readonly string[] {
  const state = person.deleted ? 'deleted' : person.active ? 'active' : 'not active'
  return [
    `${paint('bold', person.userName)} in directory ${person.directory}: ${state}`,
    ...person.connections.flatMap((each) => ['', ...explanationLines(each)]),
  ]
}
