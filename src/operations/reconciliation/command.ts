import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Client } from '../../cli/client.ts'
import { examples, type Parts } from '../../cli/command.ts'
import { type ExitCode, exitCodes } from '../../cli/exit-codes.ts'
import { connectionOf, pathOf } from '../../cli/names.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import type { Output, Surroundings } from '../../cli/output.ts'
import { createProgress } from '../../cli/progress.ts'
import { table } from '../../cli/table.ts'

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
        return walk(client, parts.surroundings, output, { ...options, kind, named })
      }),
    )
}

interface Survey {
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

const lookMs = 500

/** Has a vendor's list walked and shows what it found. */
export async function walk(
  client: Client,
  surroundings: Surroundings,
  output: Output,
  asked: {
    readonly kind: 'reconcile' | 'import'
    readonly named: string
    readonly wait?: boolean
    readonly json?: boolean
  },
): Promise<ExitCode> {
  const { kind, named, wait, json } = asked
  const connection = await connectionOf(client, named)
  const base = `/connections/${connection.id}`
  const latest = async () => (await client.all<Survey>(`${base}/surveys?kind=${kind}`))[0]
  const before = await latest()
  const { started } = await client.call<{ started: boolean }>('POST', `${base}/surveys`, { kind })
  if (wait === false) {
    if (json) output.json({ connection: pathOf(connection), started })
    else output.line(started ? `${kind} of ${pathOf(connection)} is asked for` : 'one waits or runs already')
    return exitCodes.ok
  }
  const progress = createProgress(surroundings)
  const standing = await client.all<{ id: string; accounts: number }>('/status')
  // Those that are known: at the vendor there may be more.
  const total = standing.find(({ id }) => id === connection.id)?.accounts ?? 0
  let survey = await latest()
  while (!survey || survey.state === 'running' || (before?.state !== 'running' && survey.id === before?.id)) {
    const isEarlier = survey?.id === before?.id && before?.state !== 'running'
    const done = isEarlier ? 0 : (survey?.progress.listed ?? 0)
    progress.show(`${kind} of ${pathOf(connection)}: ${done} accounts listed`, { done, total })
    await delay(lookMs)
    survey = await latest()
  }
  progress.end()
  const drift = kind === 'reconcile' ? await client.all<Drift>(`${base}/drift?limit=500`) : []
  if (json) output.json({ connection: pathOf(connection), survey, drift })
  else {
    const counts = Object.entries(survey.progress.counts ?? {}).map(([name, count]) => `${count} ${name}`)
    output.line(`${kind} of ${pathOf(connection)}: ${survey.state}; ${counts.join(', ') || 'nothing'}`)
    if (survey.failure) output.problem(survey.failure)
    if (drift.length > 0) print(output, drift)
  }
  return survey.state === 'done' ? exitCodes.ok : exitCodes.failed
}

/** Shows what the last reconciliation found, without another one. */
export async function showDrift(
  client: Client,
  output: Output,
  asked: { readonly named: string; readonly kind?: string; readonly json?: boolean },
): Promise<ExitCode> {
  const connection = await connectionOf(client, asked.named)
  const base = `/connections/${connection.id}`
  const query = asked.kind === undefined ? '' : `&kind=${encodeURIComponent(asked.kind)}`
  const [drift, surveys] = [
    await client.all<Drift>(`${base}/drift?limit=500${query}`),
    await client.all<Survey>(`${base}/surveys?kind=reconcile`),
  ]
  const last = surveys.find(({ state }) => state === 'done')
  if (asked.json) output.json({ connection: pathOf(connection), ...(last ? { survey: last } : {}), drift })
  else if (!last)
    output.line(`${pathOf(connection)} was not compared yet: drawbridge reconcile ${asked.named}`)
  else {
    output.line(`${pathOf(connection)}, compared ${last.startedAt}: ${drift.length} differences`)
    if (drift.length > 0) print(output, drift)
  }
  return exitCodes.ok
}

function print(output: Output, drift: readonly Drift[]): void {
  table(
    output,
    ['DRIFT', 'LOGIN OR GROUP', 'PERSON', 'AT THE VENDOR', 'WHAT'],
    drift.map(({ kind, login, userName, vendorAccountId, group, detail = {} }) => [
      kind,
      group?.name ?? login,
      userName,
      group?.vendorGroupId ?? vendorAccountId,
      inWords(detail),
    ]),
  )
}

function inWords(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(' ') : String(value)}`)
    .join(', ')
}

export function recoveredCommand(parts: Parts): Command {
  return operatorCommand('recovered', parts)
    .description(
      'After a restore: let everything but shut-outs run again at a connection, without waiting for reconciliation.',
    )
    .argument('<connection>', 'name of a connection, or <directory>/<connection>')
    .addHelpText('after', examples('recovered falcon'))
    .action(async (named: string, options: OperatorOptions) =>
      withClient(parts, options, async (client, output) => {
        const connection = await connectionOf(client, named)
        const answer = await client.call<{ accounts: number }>(
          'POST',
          `/connections/${connection.id}/recovered`,
        )
        if (options.json) output.json(answer)
        else output.line(`${answer.accounts} accounts due at ${pathOf(connection)}`)
        return undefined
      }),
    )
}
