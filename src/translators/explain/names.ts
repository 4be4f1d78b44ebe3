import { entitlementKey, type Entitlement, type EntitlementRef } from '../../vendors/contract.ts'

/** The entry of the catalogue for what is held or wanted. */
export function entryOf(
  ref: EntitlementRef,
  catalogue: readonly Entitlement[],
): Pick<Entitlement, 'name' | 'scopeName'> {
  const key = entitlementKey(ref)
  const known =
    catalogue.find((entry) => entitlementKey(entry) === key) ??
    catalogue.find(({ kind, id }) => kind === ref.kind && id === ref.id)
  const scopeName =
    known?.scopeName ??
    catalogue.find(({ scope }) => scope && scope.level === ref.scope?.level && scope.id === ref.scope.id)
      ?.scopeName
  return { name: known?.name ?? ref.id, ...(scopeName === undefined ? {} : { scopeName }) }
}

/** `role "SOC" in site "EMEA"`. */
export function nameOf(ref: EntitlementRef, catalogue: readonly Entitlement[]): string {
  const { name, scopeName } = entryOf(ref, catalogue)
  const where = ref.scope ? ` in ${ref.scope.level} "${scopeName ?? ref.scope.id}"` : ''
  return `${ref.kind} "${name}"${where}`
}
