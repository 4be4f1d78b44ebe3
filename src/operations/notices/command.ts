import type { Command } from 'commander'
import { explainedBy } from '../../model/errors.ts'
import { examples, type CommandContext } from '../../cli/command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import { when } from '../../cli/table.ts'

interface Notice {
  readonly kind: string
  readonly directory?: string
  readonly connection?: string
  readonly text: string
  readonly count: number
  readonly lastAt: string
  readonly resolvedAt?: string
}

export function noticesCommand(context: CommandContext): Command {
  return operatorCommand('notices', context)
    .description('Show what needs attention, latest first.')
    .option('--all', 'also those that are resolved')
    .addHelpText('after', examples('notices', 'notices --all --json'))
    .action(async (options: OperatorOptions & { readonly all?: boolean }) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const notices = await client.all<Notice>(`/notices?limit=500${options.all ? '' : '&open=true'}`)
        if (options.json) output.json({ notices })
        else if (notices.length === 0) output.line('none')
        else
          for (const { kind, directory, connection, text, count, lastAt, resolvedAt } of notices) {
            const where = connection ? ` ${directory}/${connection}` : ''
            const often = count > 1 ? `, ${count} times` : ''
            output.line(`${output.paint('bold', kind)}${where}: ${text}`)
            output.line(`  last ${when(lastAt)}${often}${resolvedAt ? `, resolved ${when(resolvedAt)}` : ''}`)
            output.line(`  see: ${explainedBy('notice', kind)}`)
          }
        return undefined
      }),
    )
}
