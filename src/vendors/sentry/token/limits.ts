import { createHash } from 'node:crypto'
import type { ApiProfile } from '../../contract.ts'
import type { Call } from '../../kit/http.ts'
import type { Limit } from '../../kit/kit.ts'
import { shareOf } from '../../kit/pacing.ts'

/** Of the members index; src/sentry/core/endpoints/organization_member_index.py of github.com/getsentry/sentry, 2026-08. */
const published = { requests: 40, perMs: 1_000, concurrent: 25 } as const
/** Of the API guide of 2026-03, which calls it a guideline: about this much, whatever the endpoint. */
const ofGuide = { requests: 100, perMs: 10_000 } as const
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
  profile: ApiProfile,
): (call: Call) => readonly Limit[] {
  const isGuide = profile === 'guide'
  const figures = isGuide ? ofGuide : published
  const user = createHash('sha256').update(token.trim()).digest('hex')
  const limits = [`sentry user ${user}`, `sentry organization ${organization}`].map((key) =>
    shareOf({ key: `${key}${isGuide ? ' by guide' : ''}`, ...figures }, percent),
  )
  return ({ pathClass }) => (isGuide || index.has(pathClass) ? limits : [])
}
