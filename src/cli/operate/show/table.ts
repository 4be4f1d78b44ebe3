import type { Output } from '../../output.ts'

/** Rows under headings, as wide as they must be; nothing but `none` when there is no row. */
export function table(
  { line, paint }: Output,
  headings: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): void {
  if (rows.length === 0) return line('none')
  const texts = rows.map((row) => row.map((cell) => String(cell ?? '-')))
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

/** An instant in minutes, UTC, as people read it. */
export const when = (instant: string | undefined): string | undefined =>
  instant?.replace('T', ' ').replace(/:\d\d(\.\d+)?Z$/, 'Z')
