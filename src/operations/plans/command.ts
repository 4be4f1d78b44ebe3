import { type Command, Option } from 'commander'
import type { Client } from '../../cli/client.ts'
import { examples, type CommandContext } from '../../cli/command.ts'
import { connectionOf, pathOf } from '../../cli/names.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import type { Output } from '../../cli/output.ts'
import type { PlanReason } from '../../model/recorded-plan.ts'
import { counted, when } from '../../cli/table.ts'

interface Options extends OperatorOptions {
  readonly rules?: string
  readonly state?: string
  readonly now?: boolean
}

export function planCommand(context: CommandContext): Command {
  return operatorCommand('plan', context)
    .description(
      'Show the plans that wait at a connection, what would be done now, or what changed rules would do. Nothing is applied.',
    )
    .argument('<connection>', 'name of a connection, or <directory>/<connection>')
    .option(
      '--rules <file>',
      'show what these rules would do: a configuration file, or a file with only rules, default, exclusive, people',
    )
    .option('--now', 'compute what would be done now for everybody, with the vendor’s current catalogue')
    .addOption(
      new Option('--state <state>', 'only plans of this state').choices([
        'recorded',
        'waiting',
        'approved',
        'rejected',
      ]),
    )
    .addHelpText(
      'after',
      examples('plan falcon', 'plan falcon --now', 'plan corp/sentry --rules new.yaml --json'),
    )
    .action(async (connection: string, options: Options) =>
      withClient(context, { ...options, offline: options.now !== true }, async (client, output) => {
        if (options.rules !== undefined) {
          const { planRules } = await import('../explain/rule-change-command.ts')
          return planRules(connection, { ...options, rules: options.rules }, client, context.io, output)
        }
        if (options.now) {
          await showPreview(client, output, connection, options)
          return undefined
        }
        await showPlans(client, output, connection, options)
        return undefined
      }),
    )
}

interface Plan {
  readonly id: string
  readonly userName: string
  readonly state: string
  readonly reason: PlanReason
  readonly batch?: string
  readonly requestId?: string
  readonly words: { readonly lines: readonly string[] }
  readonly createdAt: string
}

const reasons: Readonly<Record<PlanReason, string>> = {
  shadow: 'only recorded, the connection is in shadow mode',
  approve: 'every plan needs approval here',
  guard: 'a limit for mass changes was reached',
  admission: 'the person was in the directory before the connection was added',
  hold: 'proposed by an operator',
}

/** Shows what waits at a connection, or would be done if it did more than watch. */
async function showPlans(
  client: Client,
  output: Output,
  named: string,
  { state, json }: { readonly state?: string; readonly json?: boolean },
): Promise<void> {
  const connection = await connectionOf(client, named)
  const query = state === undefined ? '' : `&state=${state}`
  const plans = await client.all<Plan>(`/connections/${connection.id}/plans?limit=500${query}`)
  if (json) return output.json({ connection: pathOf(connection), mode: connection.mode, plans })
  const news = plans.filter((plan) => state !== undefined || plan.state !== 'rejected')
  output.line(
    `${output.paint('bold', pathOf(connection))} (${connection.mode}): ${counted(news.length, 'plan')}`,
  )
  for (const { id, userName, state: at, reason, batch, requestId, words, createdAt } of news) {
    output.line()
    output.line(`${output.paint('bold', userName)}  ${at}: ${reasons[reason]}`)
    for (const line of words.lines) output.line(`  ${line}`)
    if (requestId !== undefined) output.line(`  asked for by request ${requestId}`)
    output.line(`  plan ${id}, ${when(createdAt)}${batch === undefined ? '' : `, batch ${batch}`}`)
  }
  const hidden = plans.length - news.length
  if (hidden > 0)
    output.line(`\n${counted(hidden, 'rejected plan')} not shown; add --state rejected to see them`)
}

interface Line {
  readonly account?: { readonly userName: string; readonly kind: string; readonly lines: readonly string[] }
  readonly totals?: object
  readonly words?: readonly string[]
}

/** Shows what would happen now for everybody of a connection, as it is computed; the vendor is read, nothing is written. */
async function showPreview(
  client: Client,
  output: Output,
  named: string,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const connection = await connectionOf(client, named)
  let rest = ''
  const all: Line[] = []
  const show = (line: Line): void => {
    if (json) return void all.push(line)
    for (const text of wordsOf(line, output)) output.line(text)
  }
  await client.stream(`/connections/${connection.id}/plans/preview`, (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const each of lines) show(JSON.parse(each) as Line)
  })
  if (json) {
    const accounts = all.flatMap(({ account }) => (account ? [account] : []))
    output.json({ connection: pathOf(connection), accounts, totals: all.at(-1)?.totals })
  }
}

function wordsOf({ account, words = [] }: Line, { paint }: Output): readonly string[] {
  if (!account) return [paint('bold', words[0] ?? ''), ...words.slice(1).map((each) => `  ${each}`)]
  return [
    `${paint('bold', account.userName)}  ${account.kind}`,
    ...account.lines.map((each) => `  ${each}`),
    '',
  ]
}
