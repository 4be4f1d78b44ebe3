import { readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import type { Measure } from './load.ts'
import type { Memory } from './process.ts'

/** With the processor time that the server spent on one request, in microseconds. */
export type Served = Measure & { readonly cpu: number }

export interface Round {
  readonly gateway: Served
  readonly baseline: Served
  /** Of the gateway, after its turn, in bytes. */
  readonly rss: number
}

export interface Result {
  readonly name: string
  readonly goal: number | undefined
  readonly rounds: readonly Round[]
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)
const whole = (n: number): string => Math.round(n).toLocaleString('en')
const millis = (ms: number): string => (ms < 10 ? ms.toFixed(1) : whole(ms))

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Of the rounds, each against the baseline of the same round. */
const ratioOf = ({ rounds }: Result): number =>
  median(rounds.map(({ gateway, baseline }) => gateway.perSecond / baseline.perSecond))

export function table(results: readonly Result[]): string {
  const head = [
    'case',
    'req/s',
    'p50 ms',
    'p99 ms',
    'baseline req/s',
    'ratio',
    'goal',
    'CPU µs',
    'baseline CPU µs',
    'answers',
    'RSS MB',
  ]
  const rows = results.map((result) => {
    const of = (pick: (round: Round) => number): number => median(result.rounds.map(pick))
    const statuses = new Set(result.rounds.flatMap(({ gateway }) => Object.keys(gateway.statuses)))
    return [
      result.name,
      whole(of(({ gateway }) => gateway.perSecond)),
      millis(of(({ gateway }) => gateway.p50)),
      millis(of(({ gateway }) => gateway.p99)),
      whole(of(({ baseline }) => baseline.perSecond)),
      ratioOf(result).toFixed(2),
      result.goal === undefined ? '' : `≥ ${result.goal}`,
      whole(of(({ gateway }) => gateway.cpu)),
      whole(of(({ baseline }) => baseline.cpu)),
      [...statuses].join(' '),
      mebibytes(Math.max(...result.rounds.map(({ rss }) => rss))),
    ]
  })
  const lines = [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  const padded = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
  return lines.map((line) => `| ${line.map(padded).join(' | ')} |`).join('\n')
}

/** How the throughput of member writes differs by the size of the Group, and whether memory grew. */
export function notes(results: readonly Result[], heaps: readonly Memory[]): string {
  const members = results.filter(({ name }) => name.startsWith('PATCH ±1') && !name.includes('one group'))
  const rates = members.map(({ rounds }) => median(rounds.map(({ gateway }) => gateway.perSecond)))
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length
  const spread = Math.max(...rates.map((rate) => Math.abs(rate / mean - 1)))
  const heap = heaps.map((each) => mebibytes(each.heap)).join(', ')
  const rss = heaps.map((each) => mebibytes(each.rss)).join(', ')
  return [
    ...(rates.length > 1
      ? [`PATCH ±1 member: within ±${(spread * 100).toFixed(0)} % of each other over all sizes.`]
      : []),
    `Gateway after the first and the last round: heap in use after a collection ${heap} MB; resident ${rss} MB.`,
  ].join('\n')
}

export const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}, ${process.platform}`

/** Replaces what stands between the marks of the SCIM section. */
export async function keep(file: URL, text: string): Promise<void> {
  const before = await readFile(file, 'utf8')
  const [start, end] = ['<!-- bench:scim -->', '<!-- /bench:scim -->']
  const [from, to] = [before.indexOf(start), before.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${file.pathname} lacks the marks ${start} and ${end}`)
  await writeFile(file, `${before.slice(0, from + start.length)}\n\n${text}\n\n${before.slice(to)}`)
}
