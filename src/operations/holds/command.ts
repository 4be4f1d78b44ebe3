import type { Command } from 'commander'
import { examples, type CommandContext } from '../../cli/command.ts'
import { CommandFailure, exitCodes } from '../../cli/exit-codes.ts'
import type { Client } from '../../cli/client.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import { seconds } from '../../cli/names.ts'

interface Options extends OperatorOptions {
  readonly directory?: string
  readonly reason: string
  readonly for?: number
}

interface Person {
  readonly id: string
  readonly directory: string
  readonly userName: string
  readonly deleted: boolean
}

export function holdCommand(context: CommandContext): Command {
  return operatorCommand('hold', context)
    .description('Shut a person out everywhere, even though the directory wants them active.')
    .argument('<userName>', 'userName of the person')
    .requiredOption('--reason <text>', 'why; recorded in the audit')
    .option(
      '--for <time>',
      'end the hold after this time, such as 24h; without it, the hold lasts until it is released',
      seconds,
    )
    .option('--directory <name>', 'needed where several directories have the userName')
    .addHelpText(
      'after',
      examples(
        'hold ada@corp.example --reason "laptop stolen"',
        'hold ada@corp.example --reason audit --for 24h',
      ),
    )
    .action(async (userName: string, options: Options) =>
      withClient(context, options, async (client, output) => {
        const person = await personOf(client, userName, options.directory)
        const until = options.for && new Date(Date.now() + options.for * 1_000).toISOString()
        await client.call('PUT', `/holds/${person.id}`, {
          reason: options.reason,
          ...(until ? { until } : {}),
        })
        if (options.json) output.json({ held: person.id })
        else
          output.line(
            `${person.userName} is being shut out everywhere${until ? ` until ${until}` : ''}; "drawbridge explain ${person.userName}" shows when that is proven`,
          )
        return undefined
      }),
    )
}

export function releaseCommand(context: CommandContext): Command {
  return operatorCommand('release', context)
    .description('End a hold: the directory decides again.')
    .argument('<userName>', 'userName of the person')
    .option('--directory <name>', 'needed where several directories have the userName')
    .addHelpText('after', examples('release ada@corp.example'))
    .action(async (userName: string, options: Options) =>
      withClient(context, options, async (client, output) => {
        const person = await personOf(client, userName, options.directory)
        await client.call('DELETE', `/holds/${person.id}`)
        if (options.json) output.json({ released: person.id })
        else output.line(`${person.userName} is released; the directory decides again`)
        return undefined
      }),
    )
}

async function personOf(client: Client, userName: string, directory: string | undefined): Promise<Person> {
  const query = directory === undefined ? '' : `?directory=${encodeURIComponent(directory)}`
  const people = await client.all<Person>(`/people/${encodeURIComponent(userName)}${query}`)
  const live = people.filter(({ deleted }) => !deleted)
  const [one, another] = live
  if (one && !another) return one
  throw new CommandFailure(
    exitCodes.usage,
    one
      ? `Several directories have ${userName}: ${live.map((each) => each.directory).join(', ')}. Add --directory.`
      : `There is no User with the userName ${userName}.`,
  )
}
