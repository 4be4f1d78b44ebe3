import type pg from 'pg'
import { GatewayError } from '../../model/errors.ts'

/** Of this process and moment, or made anew: not part of a backup. */
const passing = new Set(['_prisma_migrations', 'processes', 'pace_budgets'])

interface Reference {
  readonly from_table: string
  readonly to_table: string
}

/** The store's tables, each after those that it refers to. */
export async function tablesInOrder(client: pg.ClientBase): Promise<readonly string[]> {
  const { rows: all } = await client.query<{ name: string }>(`
    SELECT c.relname AS name FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
    ORDER BY c.relname`)
  const { rows: references } = await client.query<Reference>(`
    SELECT f.relname AS from_table, t.relname AS to_table FROM pg_constraint k
    JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
    WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace AND k.conrelid <> k.confrelid`)
  const left = new Set(all.map(({ name }) => name).filter((name) => !passing.has(name)))
  const ordered: string[] = []
  while (left.size > 0) {
    const free = [...left].filter(
      (name) => !references.some(({ from_table: from, to_table: to }) => from === name && left.has(to)),
    )
    if (free.length === 0)
      throw new GatewayError('STORE_SHAPE', 'the tables of the store refer to each other in a circle')
    for (const name of free) left.delete(name)
    ordered.push(...free)
  }
  return ordered
}

export async function columnsOf(client: pg.ClientBase, table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT a.attname AS name FROM pg_attribute a
     WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum`,
    [quoted(table)],
  )
  return rows.map(({ name }) => name)
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
