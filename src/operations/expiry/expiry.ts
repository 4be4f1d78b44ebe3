import type { Logger } from 'pino'
import type { Schedule } from '../../model/schedule.ts'
import type { LiveConnection, OpenConnection } from '../../provisioning/connections.ts'
import type { Notices } from '../../model/notice.ts'
import type { Notice, NoticeQuery } from '../notices/store.ts'
import type { Expiry, ExpiryStore } from './store.ts'

const job = 'token-expiry'
const everyMs = 6 * 60 * 60_000
const dayMs = 24 * 60 * 60_000
/** Days before the end at which it is told; 0: it has ended. */
const stages = [0, 1, 7, 30] as const

export interface ExpiryDeps {
  readonly expiries: ExpiryStore
  readonly notices: Notices
  readonly kept: { list(query: NoticeQuery): Promise<readonly Notice[]> }
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
export async function scheduleExpiryChecks(
  deps: ExpiryDeps,
  schedule: Schedule,
  connections: () => readonly OpenConnection[],
): Promise<void> {
  try {
    await schedule.work(job, async () => {
      for (const each of connections()) await ask(deps, each)
      await notifyExpiries(deps)
    })
    await schedule.repeat(job, 'all', everyMs, {})
  } catch (err) {
    deps.log.debug({ err }, 'the check for expiring credentials is not scheduled')
  }
}

/** A vendor that does not answer leaves what is known. */
async function ask({ expiries, log }: ExpiryDeps, connection: OpenConnection): Promise<void> {
  try {
    const live = await connection.ready()
    const endsAt = await connection.patiently(() => credentialsEnd(live))
    await expiries.keepCredentialsEnd(connection.id, endsAt)
  } catch (error) {
    log.debug({ connectionId: connection.id, error: String(error) }, 'when the credentials end is not known')
  }
}

/** Raises a notice 30, 7 and 1 days before something ends and when it has; takes back what is not so any more. */
export async function notifyExpiries({ expiries, notices, kept, now }: ExpiryDeps): Promise<void> {
  const due = new Map<string, { readonly expiry: Expiry; readonly days: number }>()
  for (const expiry of await expiries.list()) {
    const left = Date.parse(expiry.endsAt) - now()
    const stage = stages.find((days) => left <= days * dayMs)
    if (stage !== undefined) due.set(`${expiry.id} ${stage}`, { expiry, days: Math.ceil(left / dayMs) })
  }
  for (const notice of await kept.list({ open: true, kind: 'token-expires', limit: 1_000 })) {
    if (!due.has(notice.subject ?? '')) await notices.resolve(notice)
  }
  for (const [subject, { expiry, days }] of due) {
    const connection = expiry.kind === 'vendor' ? { connectionId: expiry.id } : {}
    const { kind, hint, endsAt } = expiry
    const detail = { of: kind, endsAt, ...(hint === undefined ? {} : { hint }) }
    await notices.raise({ kind: 'token-expires', ...connection, subject, text: words(expiry, days), detail })
  }
}

const doing = {
  vendor:
    'Create new ones at the vendor and give them to Drawbridge; without them nobody is provisioned or shut out there.',
  scim: 'Rotate it and enter the new secret at the identity provider; without it, the identity provider can push nothing.',
  operator: 'Create a new operator if it is still needed.',
} as const

function words({ kind, name, hint, endsAt }: Expiry, days: number): string {
  const what =
    kind === 'vendor'
      ? `The credentials of ${name}`
      : `The ${kind === 'scim' ? 'SCIM' : 'operator'} token ${name} (${hint})`
  const ends = kind === 'vendor' ? 'end' : 'ends'
  const when =
    days <= 0 ? `ended at ${endsAt}` : `${ends} at ${endsAt}, in ${days} day${days === 1 ? '' : 's'}`
  return `${what} ${when}. ${doing[kind]}`
}
