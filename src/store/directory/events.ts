import type { Actor } from '../../scim/ports.ts'
import { json, sql, type Statement } from '../sql/statement.ts'

/** Who wrote, for an event. */
export interface Origin {
  readonly actor: string | Statement
  readonly requestId?: string | Statement
}

export const gateway: Origin = { actor: 'gateway' }

export interface EventDraft {
  readonly directoryId: string | Statement
  readonly action: string
  readonly resourceType: 'User' | 'Group' | 'Account' | 'Connection' | 'Directory'
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
