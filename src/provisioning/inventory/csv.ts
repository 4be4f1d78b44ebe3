import { inventoryColumns, type InventoryRow } from './columns.ts'

/** The first line of a CSV file (RFC 4180). */
export const csvHeader = line(inventoryColumns)

export function csvLine(row: InventoryRow): string {
  return line(inventoryColumns.map((column) => cell(row[column])))
}

function cell(value: unknown): string {
  if (value === undefined) return ''
  return Array.isArray(value) ? value.join('; ') : String(value)
}

/** A cell that a spreadsheet would take for a formula gets an apostrophe: names come from the vendor's people. */
function line(cells: readonly string[]): string {
  return `${cells.map((text) => quoted(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text)).join(',')}\r\n`
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
