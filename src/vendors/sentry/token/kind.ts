import type { ApiProfile, Capabilities } from '../../contract.ts'
import { capabilities } from '../capabilities.ts'

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
