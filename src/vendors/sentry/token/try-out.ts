import { VendorError } from '../../../model/errors.ts'
import type { Client } from '../client.ts'

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
