import { visible } from '../model/text.ts'
import type { Output } from './output.ts'

type Cell = string | number | undefined

/** Rows under headings, as wide as they must be; nothing but `none` when there is no row. */
export function table(
  { line, paint }: Output,
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
): void {
  if (rows.length === 0) return line('none')
  const texts = rows.map((row) => row.map((cell) => visible(String(cell ?? '-'))))
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...texts.map((row) => (row[column] ?? '').length)),
  )
  const pad = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  line(paint('bold', pad(headings)))
  for (const row of texts) line(pad(row))
}

/** Everything of a kind: under its name as JSON, or as a table of headings with their cells. */
export function list<T>(
  output: Output,
  {
    json,
    name,
    columns,
  }: {
    readonly json?: boolean | undefined
    readonly name: string
    readonly columns: Readonly<Record<string, (each: T) => Cell>>
  },
  items: readonly T[],
): void {
  if (json) return output.json({ [name]: items })
  const cells = Object.values(columns)
  table(
    output,
    Object.keys(columns),
    items.map((each) => cells.map((cell) => cell(each))),
  )
}

/** An instant in minutes, UTC, as people read it. */
export const when = (instant: string | undefined): string | undefined =>
  instant?.replace('T', ' ').replace(/:\d\d(\.\d+)?Z$/, 'Z')

/** `1 plan`, `2 plans`. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : plural}`
