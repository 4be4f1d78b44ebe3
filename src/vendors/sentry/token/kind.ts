import type { Capabilities } from '../../contract.ts'
import { capabilities } from '../capabilities.ts'

/** Kinds of tokens by their prefix; src/sentry/types/token.py of github.com/getsentry/sentry. */
const prefixes = { sntryu_: 'user', sntrya_: 'integration', sntryi_: 'integration' } as const

/** What a token's look says of it; undefined when nothing. */
export function kindOf(token: string): 'user' | 'integration' | undefined {
  const found = Object.entries(prefixes).find(([prefix]) => token.trim().startsWith(prefix))
  return found?.[1]
}

/** An integration invites people as `member` and changes teams; Sentry lets it neither remove people nor change roles. */
export const integrationCapabilities: Capabilities = {
  ...capabilities,
  account: { ...capabilities.account, remove: false },
}
