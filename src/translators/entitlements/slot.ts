import {
  entitlementKey,
  type EntitlementKind,
  type EntitlementRef,
  type Scope,
} from '../../vendors/contract.ts'

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
