import type { Command } from 'commander'
import type { Area, Entry } from '../../dictionary/entry.ts'
import { examples, newCommand, type CommandContext } from '../../cli/command.ts'
import { exitCodes } from '../../cli/exit-codes.ts'
import type { Output } from '../../cli/output.ts'

export function errorsCommand(context: CommandContext): Command {
  return newCommand('errors', context)
    .description('Explain an error: what its code means, what to do, where it appears. Nothing is contacted.')
    .argument('[code]', 'a code, with or without its prefix, or an HTTP status; without one, all are listed')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples('errors', 'errors account-mass-change', 'errors NO_POSTGRES --json'))
    .action(async (code: string | undefined, options: { readonly json?: boolean }) => {
      const { areas, entriesOf, lookUp } = await import('../../dictionary/dictionary.ts')
      const { output, finish } = context
      const found = code === undefined ? areas.flatMap(entriesOf) : lookUp(code)
      if (options.json) output.json({ errors: found })
      else if (code === undefined) for (const each of areas) list(each, entriesOf(each), output)
      else found.forEach((entry, index) => tell(entry, areas, index, output))
      if (found.length === 0)
        output.problem(`There is no error called ${code}. "drawbridge errors" lists all.`)
      finish(found.length > 0 ? exitCodes.ok : exitCodes.failed)
    })
}

function list({ title }: Area, entries: readonly Entry[], { line, paint }: Output): void {
  line(paint('bold', title))
  for (const { anchor, means } of entries) line(`  ${anchor}  ${plain(means)}`)
  line()
}

function tell(
  { area, anchor, means, todo }: Entry,
  areas: readonly Area[],
  index: number,
  { line, paint }: Output,
): void {
  if (index > 0) line()
  line(paint('bold', anchor))
  line(`  means:  ${plain(means)}`)
  line(`  to do:  ${plain(todo)}`)
  line(`  where:  ${plain(areas.find((each) => each.area === area)?.where ?? '')}`)
}

const plain = (text: string): string => text.replaceAll('`', '')
