import { csvField, visible, visibleJson } from '../../model/text.ts'
import type { AuditEvent } from './store.ts'

/** Columns of the CSV, in order. */
export const columns = [
  'at',
  'directory',
  'position',
  'actor',
  'requestId',
  'action',
  'resourceType',
  'resourceId',
  'detail',
  'hash',
] as const satisfies readonly (keyof AuditEvent)[]

export const csvHeader = `${columns.join(',')}\r\n`

export function csv(event: AuditEvent): string {
  return `${columns.map((column) => field(event[column])).join(',')}\r\n`
}

function field(value: unknown): string {
  if (value === undefined || value === null) return ''
  return csvField(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

const facility = 13
const severity = { notice: 5, warning: 4 } as const
/** Actions that a reader of the log should not overlook. */
const loud = /(failed|parked|withdrawn|refused|erased|dropped|revoked)$/

/** One line of RFC 5424: facility 13 (audit), structured data of the event, its detail as the message. */
export function syslog(event: AuditEvent, { host, release }: { host: string; release: string }): string {
  const { at, action, actor, directory, position, hash, requestId, resourceType, resourceId, detail } = event
  const priority = facility * 8 + (loud.test(action) ? severity.warning : severity.notice)
  const data = { directory, position, hash, actor, requestId, resourceType, resourceId, release }
  const elements = Object.entries(data)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${visible(String(value)).replace(/["\\\]]/g, '\\$&')}"`)
  const id = action.replace(/[^\x21-\x7e]/g, '_').slice(0, 32)
  return `<${priority}>1 ${at} ${host} drawbridge ${process.pid} ${id} [event@32473${elements.join('')}] ${visibleJson(detail)}`
}
