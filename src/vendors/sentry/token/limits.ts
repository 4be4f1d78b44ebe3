import { createHash } from 'node:crypto'
import type { Call } from '../../kit/http.ts'
import type { Limit } from '../../kit/kit.ts'
import { shareOf } from '../../kit/pacing.ts'

/** Of the members index; src/sentry/core/endpoints/organization_member_index.py of github.com/getsentry/sentry, 2026-08. */
const published = { requests: 40, perMs: 1_000, concurrent: 25 } as const
/** Path classes that are that one endpoint. */
const index: ReadonlySet<string> = new Set(['members', 'invitations'])

interface Counted {
  readonly token: string
  /** Where the organization is asked for, with its slug. */
  readonly organization: string
}

/** Sentry counts by user and by organization alike. */
export function limitsOf(
  { token, organization }: Counted,
  percent: number | undefined,
): (call: Call) => readonly Limit[] {
  const user = createHash('sha256').update(token.trim()).digest('hex')
  const limits = [`sentry user ${user}`, `sentry organization ${organization}`].map((key) =>
    shareOf({ key, ...published }, percent),
  )
  return ({ pathClass }) => (index.has(pathClass) ? limits : [])
}
