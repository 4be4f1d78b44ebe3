import { entitlementKey, type EntitlementRef, type Scope } from '../../model/account.ts'
import type { EntitlementKind } from '../../model/capabilities.ts'

/** A role in a team needs the membership. */
export function isTeamRole<R extends EntitlementRef>(ref: R): ref is R & { readonly scope: Scope } {
  return ref.kind === 'role' && ref.scope?.level === 'team'
}

/** Where an entitlement of a kind that an account holds once sits: its kind and scope. */
export function slotOf({ kind, scope }: { readonly kind: EntitlementKind; readonly scope?: Scope }): string {
  return scope ? `${kind}@${scope.level}:${scope.id}` : `${kind}@`
}

/** The slot of a stored key; ids that hold an `@` themselves are read as scoped and match no slot. */
export function slotOfKey(key: string): string {
  const [kind] = key.split(':', 1)
  const at = key.indexOf('@')
  return `${kind}@${at < 0 ? '' : key.slice(at + 1)}`
}

export function keysOf(refs: readonly EntitlementRef[]): ReadonlySet<string> {
  return new Set(refs.map(entitlementKey))
}

/** How `granted` names a setting that Drawbridge set. */
export const settingKey = (name: string): string => `set:${name}`
