import { setTimeout as delay } from 'node:timers/promises'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { Output, Surroundings } from '../output.ts'
import type { Client } from './client.ts'
import { connectionOf, pathOf } from './names.ts'
import { createProgress } from './show/progress.ts'
import { table } from './show/table.ts'

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
