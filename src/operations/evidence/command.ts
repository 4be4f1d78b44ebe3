import type { Command } from 'commander'
import { examples, type CommandContext } from '../../cli/command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import { directoryOf } from '../../cli/names.ts'

interface Options extends OperatorOptions {
  readonly directory?: string
  readonly user?: string
  readonly from?: string
  readonly to?: string
}

export function evidenceCommand(context: CommandContext): Command {
  return operatorCommand('evidence', context)
    .description(
      'Write the evidence that access has ended: one line of JSON for each proven shut-out, oldest first.',
    )
    .option('--directory <name>', 'needed where there are several directories')
    .option('--user <userName>', 'only this person')
    .option('--from <instant>', 'proven at this instant or later, such as 2026-11-01T00:00:00Z')
    .option('--to <instant>', 'proven before this instant')
    .addHelpText(
      'after',
      examples('evidence --user ada@corp.example', 'evidence --from 2026-11-01T00:00:00Z > november.ndjson'),
    )
    .action(async (options: Options) =>
      withClient(context, { ...options, offline: true }, async (client) => {
        const directory = await directoryOf(client, options.directory)
        const query = new URLSearchParams({
          ...(options.user ? { userName: options.user } : {}),
          ...(options.from ? { from: options.from } : {}),
          ...(options.to ? { to: options.to } : {}),
        })
        const path = `/directories/${encodeURIComponent(directory)}/evidence?${query.toString()}`
        await client.stream(path, (text) => void context.io.stdout.write(text))
        return undefined
      }),
    )
}
