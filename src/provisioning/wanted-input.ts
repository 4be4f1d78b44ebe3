import { matching } from '../config/matching.ts'
import type { Entitlement } from '../model/account.ts'
import type { Capabilities } from '../model/capabilities.ts'
import type { Policy } from '../model/policy.ts'
import type { AccountWork } from '../model/work.ts'
import type { WantedInput } from '../translators/wanted.ts'

/**
 * What `wantedOf` is told of one account: the only place where it is put together, so that a run, a sweep, a preview and an
 * explanation cannot differ. `now` is an ISO 8601 instant.
 */
export function wantedInput(
  {
    user,
    groups,
    held,
    made,
  }: {
    readonly user: Pick<AccountWork['user'], 'resource' | 'active' | 'deleted'>
    readonly groups: AccountWork['groups']
    readonly held?: AccountWork['held'] | undefined
    readonly made?: AccountWork['made'] | undefined
  },
  connection: { readonly name: string; readonly policy: Policy; readonly can: Capabilities },
  catalogue: readonly Entitlement[],
  now: string,
): WantedInput {
  return {
    resource: user.resource,
    active: user.active,
    deleted: user.deleted,
    groups,
    policy: connection.policy,
    catalogue,
    can: connection.can,
    connection: connection.name,
    matching,
    now,
    ...(held ? { granted: held.granted } : {}),
    ...(made ? { made } : {}),
  }
}
