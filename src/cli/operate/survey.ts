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
  readonly login: string
  readonly userName?: string
  readonly vendorAccountId?: string
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
  let survey = await latest()
  while (!survey || survey.state === 'running' || (before?.state !== 'running' && survey.id === before?.id)) {
    progress.show(`${kind} of ${pathOf(connection)}: ${survey?.progress.listed ?? 0} accounts listed`)
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
    if (drift.length > 0)
      table(
        output,
        ['DRIFT', 'LOGIN', 'PERSON', 'AT THE VENDOR'],
        drift.map((each) => [each.kind, each.login, each.userName, each.vendorAccountId]),
      )
  }
  return survey.state === 'done' ? exitCodes.ok : exitCodes.failed
}
