import { sql, type Statement } from '../../sql/statement.ts'

/** Where the values of an attribute are kept. */
export type Column =
  /** `nullable`: NULL means absent. `folded`: holds the lower-cased text. */
  | { readonly kind: 'text'; readonly value: Statement; readonly nullable: boolean; readonly folded: boolean }
  | { readonly kind: 'id'; readonly value: Statement }
  | { readonly kind: 'boolean'; readonly value: Statement }
  | { readonly kind: 'instant'; readonly value: Statement }
  /** Lower-cased texts in an array. */
  | { readonly kind: 'texts'; readonly value: Statement }
  /** Rows of a query without its select list; one row is one value. */
  | { readonly kind: 'rows'; readonly from: Statement; readonly where: Statement; readonly column: RowColumn }

export type RowColumn = Extract<Column, { kind: 'text' | 'id' }>

const common: Readonly<Record<string, Column>> = {
  id: { kind: 'id', value: sql`r.id` },
  externalId: { kind: 'text', value: sql`r.external_id`, nullable: true, folded: false },
  'meta.created': { kind: 'instant', value: sql`r.created_at` },
  'meta.lastModified': { kind: 'instant', value: sql`r.last_modified` },
}

/** The same in every row of the table. */
function constant(value: Statement): Column {
  return { kind: 'text', value, nullable: false, folded: false }
}

const groupsOfUser = { from: sql`members m JOIN groups g ON g.id = m.group_id`, where: sql`m.user_id = r.id` }
const membersOfGroup = {
  from: sql`members m JOIN users u ON u.id = m.user_id`,
  where: sql`m.group_id = r.id AND u.deleted_at IS NULL`,
}

/** By the names of a path, joined with a dot; the row is `r`. */
export const userAttributes: Readonly<Record<string, Column>> = {
  ...common,
  'meta.resourceType': constant(sql`'User'::text`),
  userName: { kind: 'text', value: sql`r.user_name_key`, nullable: false, folded: true },
  displayName: { kind: 'text', value: sql`r.display_name_key`, nullable: true, folded: true },
  active: { kind: 'boolean', value: sql`r.active_shown` },
  'emails.value': { kind: 'texts', value: sql`r.email_keys` },
  'groups.value': { kind: 'rows', ...groupsOfUser, column: { kind: 'id', value: sql`m.group_id` } },
  'groups.display': {
    kind: 'rows',
    ...groupsOfUser,
    column: { kind: 'text', value: sql`g.display_name_key`, nullable: false, folded: true },
  },
}

export const groupAttributes: Readonly<Record<string, Column>> = {
  ...common,
  'meta.resourceType': constant(sql`'Group'::text`),
  displayName: { kind: 'text', value: sql`r.display_name_key`, nullable: false, folded: true },
  'members.value': { kind: 'rows', ...membersOfGroup, column: { kind: 'id', value: sql`m.user_id` } },
  'members.display': {
    kind: 'rows',
    ...membersOfGroup,
    column: { kind: 'text', value: sql`u.user_name_key`, nullable: false, folded: true },
  },
}
