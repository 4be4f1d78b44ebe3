import type { Logger } from 'pino'
import type { Schedule } from '../../model/schedule.ts'
import type { LiveConnection, OpenConnection } from '../../provisioning/connections.ts'
import type { Notices, NoticeStore } from '../../model/notice.ts'
import type { Ending, EndingStore } from './store.ts'

const job = 'token-expiry'
const everyMs = 6 * 60 * 60_000
const dayMs = 24 * 60 * 60_000
/** Days before the end at which it is told; 0: it has ended. */
const stages = [0, 1, 7, 30] as const

export interface Calendar {
  readonly endings: EndingStore
  readonly notices: Notices
  readonly kept: Pick<NoticeStore, 'list'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly log: Pick<Logger, 'debug' | 'error'>
}

/** When the credentials of a connection end: as they say themselves, as the vendor says of their account, or as was stated. */
export async function credentialsEnd({
  target,
  self,
  credentialsEndAt,
}: Pick<LiveConnection, 'target' | 'self' | 'credentialsEndAt'>): Promise<string | undefined> {
  const own = await target.credentialsEnd?.()
  if (own !== undefined) return own
  const id = await self()
  const told = id === undefined ? undefined : (await target.get(id))?.facts.tokenExpiresAt
  return told ?? credentialsEndAt
}

/** Has one process look at times when credentials end; `connections` are those that there are by then. */
export async function scheduleCalendar(
  calendar: Calendar,
  schedule: Schedule,
  connections: () => readonly OpenConnection[],
): Promise<void> {
  try {
    await schedule.work(job, async () => {
      for (const each of connections()) await ask(calendar, each)
      await tellEndings(calendar)
    })
    await schedule.repeat(job, 'all', everyMs, {})
  } catch (err) {
    calendar.log.debug({ err }, 'the calendar of tokens is not scheduled')
  }
}

/** A vendor that does not answer leaves what is known. */
async function ask({ endings, log }: Calendar, connection: OpenConnection): Promise<void> {
  try {
    const live = await connection.ready()
    const endsAt = await connection.patiently(() => credentialsEnd(live))
    await endings.keepCredentialsEnd(connection.id, endsAt)
  } catch (error) {
    log.debug({ connectionId: connection.id, error: String(error) }, 'the end of credentials is not known')
  }
}

/** Raises a notice 30, 7 and 1 days before something ends and when it has; takes back what is not so any more. */
export async function tellEndings({ endings, notices, kept, now }: Calendar): Promise<void> {
  const due = new Map<string, { readonly ending: Ending; readonly days: number }>()
  for (const ending of await endings.endings()) {
    const left = Date.parse(ending.endsAt) - now()
    const stage = stages.find((days) => left <= days * dayMs)
    if (stage !== undefined) due.set(`${ending.id} ${stage}`, { ending, days: Math.ceil(left / dayMs) })
  }
  for (const notice of await kept.list({ open: true, kind: 'token-expires', limit: 1_000 })) {
    if (!due.has(notice.subject ?? '')) await notices.resolve(notice)
  }
  for (const [subject, { ending, days }] of due) {
    const connection = ending.kind === 'vendor' ? { connectionId: ending.id } : {}
    const { kind, hint, endsAt } = ending
    const detail = { of: kind, endsAt, ...(hint === undefined ? {} : { hint }) }
    await notices.raise({ kind: 'token-expires', ...connection, subject, text: words(ending, days), detail })
  }
}

const doing = {
  vendor:
    'Create new ones at the vendor and give them to Drawbridge; without them nobody is provisioned or shut out there.',
  scim: 'Rotate it and enter the new secret at the identity provider; without it, the identity provider can push nothing.',
  operator: 'Create a new operator if it is still needed.',
} as const

function words({ kind, name, hint, endsAt }: Ending, days: number): string {
  const what =
    kind === 'vendor'
      ? `The credentials of ${name}`
      : `The ${kind === 'scim' ? 'SCIM' : 'operator'} token ${name} (${hint})`
  const ends = kind === 'vendor' ? 'end' : 'ends'
  const when =
    days <= 0 ? `ended at ${endsAt}` : `${ends} at ${endsAt}, in ${days} day${days === 1 ? '' : 's'}`
  return `${what} ${when}. ${doing[kind]}`
}
