import { createHash } from 'node:crypto'
import type { ApiProfile } from '../../model/account.ts'
import type { Capabilities } from '../../model/capabilities.ts'
import { VendorError } from '../../model/errors.ts'
import type { Call } from '../kit/http.ts'
import type { Limit } from '../kit/kit.ts'
import { shareOf } from '../kit/pacing.ts'
import { capabilities } from './capabilities.ts'
import type { Client } from './client.ts'

/** Kinds of tokens by their prefix; src/sentry/types/token.py of github.com/getsentry/sentry. */
const prefixes = { sntryu_: 'user', sntrya_: 'integration', sntryi_: 'integration' } as const

/** What a token's look says of it; undefined when nothing. */
export function kindOf(token: string): 'user' | 'integration' | undefined {
  const found = Object.entries(prefixes).find(([prefix]) => token.trim().startsWith(prefix))
  return found?.[1]
}

/** An integration invites people as `member` and changes teams; Sentry lets it neither remove people nor change roles. */
export function integrationCapabilities(profile: ApiProfile): Capabilities {
  const { groups, ...table }: Capabilities = capabilities(profile)
  // It is nobody, so nobody joins what it makes.
  const kept = groups ? { groups: { rename: groups.rename, remove: groups.remove } } : {}
  return { ...table, ...kept, account: { ...table.account, remove: false } }
}

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

/** What the token must be allowed, each line by any one of its scopes. */
const needed = [
  ['org:read', 'org:write', 'org:admin'],
  ['member:admin'],
  ['team:write', 'team:admin'],
] as const

/** Reads with the token once per endpoint, and what the vendor tells of its scopes. Writes nothing. */
export async function tryOut(client: Client, tellsScopes: boolean): Promise<void> {
  await client.organizationId('test')
  await client.members('test').next()
  await client.teams('test').next()
  if (!tellsScopes) return

  // Only a clear list counts; where the vendor does not give one, the calls above have to do.
  const scopes = await client.scopes('test').catch(() => undefined)
  const lacking = needed.find((any) => scopes && !any.some((scope) => scopes.includes(scope)))
  if (!lacking) return
  const details = { vendor: 'sentry', operation: 'test', certainlyNotDone: true }
  throw new VendorError('missing-scope', `the token lacks the scope ${lacking.join(' or ')}`, details)
}
