import type { Actor } from '../../scim/ports.ts'
import { json, sql, type Statement } from '../sql/statement.ts'

/** An instant as answers show it; for spreading: absent where NULL. */
export function at<K extends string>(key: K, value: Date | null): { readonly [key in K]?: string } {
  return value === null ? {} : ({ [key]: value.toISOString() } as { readonly [key in K]: string })
}

/** For spreading: absent where NULL. */
export function given<K extends string, V>(key: K, value: V | null | undefined): { readonly [key in K]?: V } {
  return value === null || value === undefined ? {} : ({ [key]: value } as { readonly [key in K]: V })
}

/** Who wrote, for an event. */
export interface Origin {
  readonly actor: string | Statement
  readonly requestId?: string | Statement
}

export const gateway: Origin = { actor: 'gateway' }

export interface EventDraft {
  readonly directoryId: string | Statement
  readonly action: string
  readonly resourceType: 'User' | 'Group' | 'Account' | 'Connection' | 'Directory' | 'Operator' | 'Token'
  /** An expression over `source`. */
  readonly resourceId: Statement
  /** Changed attributes only; no secret, no password. */
  readonly detail?: unknown
  /** An expression over `source` that is merged into `detail`. */
  readonly more?: Statement
}

/** An INSERT of one event for each row of `source`, as a part of the statement that it tells of. */
export function recordEvent(origin: Origin | Actor, event: EventDraft, source: Statement): Statement {
  const detail = event.more ? sql`${json(event.detail ?? {})} || ${event.more}` : json(event.detail ?? {})
  return sql`INSERT INTO events (directory_id, actor, request_id, action, resource_type, resource_id, detail)
    SELECT ${event.directoryId}::uuid, ${origin.actor}::text, ${origin.requestId ?? null}::text, ${event.action}::text,
      ${event.resourceType}::text, (${event.resourceId})::text, ${detail} ${source}`
}
