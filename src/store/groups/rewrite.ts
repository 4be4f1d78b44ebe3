import type { Sql } from '../sql/client.ts'
import { sql } from '../sql/statement.ts'

/**
 * Where a group's name is part of its id, what accounts of the connection hold is renamed with the group. An account that is
 * being worked on may write its former state over it: its next plan then joins and leaves once, without harm.
 */
export async function rewriteHeld(db: Sql, linkId: string, from: string, to: string): Promise<void> {
  const quoted = (text: string): string => JSON.stringify(text)
  // As PostgreSQL writes jsonb: shorter keys first. A quotation mark inside of a text is escaped, so none is met by chance.
  const pairs = [
    [`"id": ${quoted(from)}, "kind": "group"`, `"id": ${quoted(to)}, "kind": "group"`],
    [`{"id": ${quoted(from)}, "level": "team"}`, `{"id": ${quoted(to)}, "level": "team"}`],
    [`"key": ${quoted(`group:${from}`)}`, `"key": ${quoted(`group:${to}`)}`],
    [`@team:${quoted(from).slice(1)}`, `@team:${quoted(to).slice(1)}`],
  ] as const
  const renamed = (column: ReturnType<typeof sql>) =>
    pairs.reduce(
      (text, [before, after]) => sql`replace(${text}, ${before}::text, ${after}::text)`,
      sql`${column}::text`,
    )
  await db.rows(sql`
    UPDATE accounts a SET held = (${renamed(sql`a.held`)})::jsonb, snapshot = (${renamed(sql`a.snapshot`)})::jsonb
    FROM group_links l WHERE l.id = ${linkId}::uuid AND a.connection_id = l.connection_id
      AND (position(${quoted(from)}::text IN a.held::text) > 0 OR position(${quoted(from)}::text IN a.snapshot::text) > 0)`)
}
