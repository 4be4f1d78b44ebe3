import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Client } from '../../cli/client.ts'
import { examples, type CommandContext } from '../../cli/command.ts'
import { exitCodes } from '../../cli/exit-codes.ts'
import { connectionOf, type NamedConnection, pathOf } from '../../cli/names.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import type { Output } from '../../cli/output.ts'
import { createProgress } from '../../cli/progress.ts'
import { counted, table } from '../../cli/table.ts'

export const reconcileCommand = (context: CommandContext): Command =>
  runCommand(
    context,
    'reconcile',
    'Compare a vendor’s accounts and groups with what is wanted, and show the drift.',
  )

export const driftCommand = (context: CommandContext): Command =>
  operatorCommand('drift', context)
    .description('Show what the last reconciliation found, without starting another one.')
    .argument('<connection>', 'name of a connection, or <directory>/<connection>')
    .option('--kind <kind>', 'only drift of this kind')
    .addHelpText('after', examples('drift falcon', 'drift corp/sentry --kind group-missing --json'))
    .action(async (named: string, options: OperatorOptions & { readonly kind?: string }) =>
      withClient(context, options, async (client, output) => {
        const connection = await connectionOf(client, named)
        const base = `/connections/${connection.id}`
        const query = options.kind === undefined ? '' : `&kind=${encodeURIComponent(options.kind)}`
        const drift = await client.all<Drift>(`${base}/drift?limit=500${query}`)
        const runs = await client.all<Run>(`${base}/reconciliation-runs?kind=reconcile`)
        const last = runs.find(({ state }) => state === 'done')
        const path = pathOf(connection)
        if (options.json) output.json({ connection: path, ...runAs(last), drift })
        else if (!last) output.line(`${path} has not been compared yet: run "drawbridge reconcile ${named}".`)
        else {
          output.line(`${path}, compared at ${last.startedAt}: ${counted(drift.length, 'difference')}`)
          if (drift.length > 0) showDrift(output, drift)
        }
        return undefined
      }),
    )

export const recoveredCommand = (context: CommandContext): Command =>
  operatorCommand('recovered', context)
    .description(
      'After a restore: let all work run again at a connection, not only shut-outs, without waiting for a reconciliation.',
    )
    .argument('<connection>', 'name of a connection, or <directory>/<connection>')
    .addHelpText('after', examples('recovered falcon'))
    .action(async (named: string, options: OperatorOptions) =>
      withClient(context, options, async (client, output) => {
        const connection = await connectionOf(client, named)
        const path = `/connections/${connection.id}/recovered`
        const answer = await client.call<{ accounts: number }>('POST', path)
        if (options.json) output.json(answer)
        else
          output.line(
            `all work runs again at ${pathOf(connection)}; ${counted(answer.accounts, 'account')} due now`,
          )
        return undefined
      }),
    )

interface Run {
  readonly id: string
  readonly state: 'running' | 'done' | 'failed'
  readonly progress: { readonly listed?: number; readonly counts?: Readonly<Record<string, number>> }
  readonly failure?: string
  readonly startedAt: string
}

interface Drift {
  readonly kind: string
  readonly login?: string
  readonly userName?: string
  readonly vendorAccountId?: string
  readonly group?: { readonly name: string; readonly vendorGroupId: string }
  readonly detail?: Readonly<Record<string, unknown>>
}

/** For JSON; `survey` is the name of before. */
const runAs = (run: Run | undefined): object => (run ? { run, survey: run } : {})

/** A command that has a vendor's accounts listed and shows what came of it. */
export function runCommand(
  context: CommandContext,
  kind: 'reconcile' | 'import',
  description: string,
): Command {
  return operatorCommand(kind, context)
    .description(description)
    .argument('<connection>', 'name of a connection, or <directory>/<connection>')
    .option('--no-wait', 'start it and do not wait for it to end')
    .addHelpText('after', examples(`${kind} falcon`, `${kind} corp/sentry --no-wait`))
    .action(async (named: string, options: OperatorOptions & { readonly wait?: boolean }) =>
      withClient(context, options, async (client, output) => {
        const { json, wait } = options
        const connection = await connectionOf(client, named)
        const path = pathOf(connection)
        const runs = `/connections/${connection.id}/reconciliation-runs`
        const latest = async (): Promise<Run | undefined> =>
          (await client.all<Run>(`${runs}?kind=${kind}`))[0]
        const before = await latest()
        const { started } = await client.call<{ started: boolean }>('POST', runs, { kind })
        if (wait === false) {
          if (json) output.json({ connection: path, started })
          else
            output.line(started ? `${kind} of ${path} will start` : `${kind} of ${path} is already under way`)
          return undefined
        }
        const total = await accountsAt(client, connection)
        const progress = createProgress(context.io)
        const run = await ended(latest, before, (listed) =>
          progress.show(`${kind} of ${path}: ${counted(listed, 'account')} listed`, { done: listed, total }),
        )
        progress.end()
        const drift =
          kind === 'reconcile' ? await client.all<Drift>(`/connections/${connection.id}/drift?limit=500`) : []
        if (json) output.json({ connection: path, ...runAs(run), drift })
        else {
          const counts = Object.entries(run.progress.counts ?? {}).map(([name, count]) => `${count} ${name}`)
          output.line(`${kind} of ${path}: ${run.state}; ${counts.join(', ') || 'nothing found'}`)
          if (run.failure) output.problem(run.failure)
          if (drift.length > 0) showDrift(output, drift)
        }
        return run.state === 'done' ? undefined : exitCodes.failed
      }),
    )
}

/** Accounts that are known; the vendor may have more. */
async function accountsAt(client: Client, { id }: NamedConnection): Promise<number> {
  const states = await client.all<{ id: string; accounts: number }>('/status')
  return states.find((each) => each.id === id)?.accounts ?? 0
}

const lookMs = 500

/** Waits for the end of the run after `before`, or of that one itself where it was still running. */
async function ended(
  latest: () => Promise<Run | undefined>,
  before: Run | undefined,
  show: (listed: number) => void,
): Promise<Run> {
  for (;;) {
    const run = await latest()
    const isMeant = run && (run.id !== before?.id || before.state === 'running')
    if (isMeant && run.state !== 'running') return run
    show(isMeant ? (run.progress.listed ?? 0) : 0)
    await delay(lookMs)
  }
}

function showDrift(output: Output, drift: readonly Drift[]): void {
  table(
    output,
    ['DRIFT', 'LOGIN OR GROUP', 'PERSON', 'AT THE VENDOR', 'WHAT'],
    drift.map(({ kind, login, userName, vendorAccountId, group, detail = {} }) => [
      kind,
      group?.name ?? login,
      userName,
      group?.vendorGroupId ?? vendorAccountId,
      Object.entries(detail)
        .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(' ') : String(value)}`)
        .join(', '),
    ]),
  )
}
