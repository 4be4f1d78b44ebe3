import type { Capabilities, EntitlementChange, EntitlementRef, Scope } from '../../vendors/contract.ts'
import { slotOf } from './slot.ts'

/**
 * Cuts a change into what one call can carry, in the order in which the calls must run: grants before revokes. As
 * soon as a kind takes part that is replaced whole, one call carries everything; otherwise each carries one direction
 * of one kind in one scope, and no more than the vendor takes.
 */
export function changesInOrder(
  { assign, revoke }: EntitlementChange,
  can: Capabilities,
): readonly EntitlementChange[] {
  if (assign.length + revoke.length === 0) return []
  const isReplaced = ({ kind }: EntitlementRef): boolean => can.entitlements[kind]?.write === 'replace'
  if ([...assign, ...revoke].some(isReplaced)) return [{ assign, revoke }]
  return [
    ...chunked(membershipsFirst(assign), ({ kind }) => can.entitlements[kind]?.perAssign).map((chunk) => ({
      assign: chunk,
      revoke: [],
    })),
    ...chunked(teamRolesFirst(revoke), ({ kind }) => can.entitlements[kind]?.perRevoke).map((chunk) => ({
      assign: [],
      revoke: chunk,
    })),
  ]
}

/** A role in a team needs the membership. */
export function isTeamRole<R extends EntitlementRef>(ref: R): ref is R & { readonly scope: Scope } {
  return ref.kind === 'role' && ref.scope?.level === 'team'
}

function membershipsFirst(refs: readonly EntitlementRef[]): readonly EntitlementRef[] {
  return [...refs.filter((ref) => !isTeamRole(ref)), ...refs.filter(isTeamRole)]
}

function teamRolesFirst(refs: readonly EntitlementRef[]): readonly EntitlementRef[] {
  return [...refs.filter(isTeamRole), ...refs.filter((ref) => !isTeamRole(ref))]
}

/** Scope and end travel beside the list of ids, once a call. */
function chunked(
  refs: readonly EntitlementRef[],
  most: (ref: EntitlementRef) => number | undefined,
): readonly (readonly EntitlementRef[])[] {
  const alike = Map.groupBy(refs, (ref) => `${slotOf(ref)} ${ref.until ?? ''}`)
  return [...alike.values()].flatMap((group) => {
    const size = Math.max(1, (group[0] && most(group[0])) ?? 1)
    return Array.from({ length: Math.ceil(group.length / size) }, (_, at) =>
      group.slice(at * size, (at + 1) * size),
    )
  })
}
