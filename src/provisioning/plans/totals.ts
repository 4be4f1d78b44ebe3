import type { NameOf } from '../../translators/words.ts'
import type { Operation } from '../../translators/model.ts'
import type { EntitlementRef } from '../../vendors/contract.ts'

/** What would become of an account. `adopt`: one that is there already is linked. `ignored`: unmanaged, or unclaimed. */
export type PreviewKind =
  'create' | 'adopt' | 'recreate' | 'change' | 'shut-out' | 'refused' | 'ignored' | 'unchanged'

export interface EntitlementTotal {
  /** As people write it: `role Falcon Administrator`. */
  readonly name: string
  grants: number
  revokes: number
}

/** Counts over all accounts of a connection; grows with the catalogue, not with the people. Plain JSON. */
export interface PreviewTotals {
  readonly connection: string
  /** ISO 8601 instant. */
  readonly at: string
  accounts: number
  readonly kinds: Record<PreviewKind, number>
  readonly operations: Record<string, number>
  /** By name; only those that somebody would be granted or lose. */
  readonly entitlements: Record<string, EntitlementTotal>
}

export function newTotals(connection: string, at: string): PreviewTotals {
  const kinds = {
    create: 0,
    adopt: 0,
    recreate: 0,
    change: 0,
    'shut-out': 0,
    refused: 0,
    ignored: 0,
    unchanged: 0,
  }
  return { connection, at, accounts: 0, kinds, operations: {}, entitlements: {} }
}

export function countIn(
  totals: PreviewTotals,
  { kind, operations }: { readonly kind: PreviewKind; readonly operations: readonly Operation[] },
  nameOf: NameOf,
): void {
  totals.accounts++
  totals.kinds[kind]++
  for (const operation of operations) {
    totals.operations[operation.op] = (totals.operations[operation.op] ?? 0) + 1
    for (const ref of granted(operation)) totalOf(totals, nameOf(ref)).grants++
    for (const ref of revoked(operation)) totalOf(totals, nameOf(ref)).revokes++
  }
}

function totalOf({ entitlements }: PreviewTotals, name: string): EntitlementTotal {
  return (entitlements[name] ??= { name, grants: 0, revokes: 0 })
}

function granted(operation: Operation): readonly EntitlementRef[] {
  if (operation.op === 'create') return operation.draft.entitlements
  return operation.op === 'change-entitlements' ? operation.change.assign : []
}

function revoked(operation: Operation): readonly EntitlementRef[] {
  return operation.op === 'change-entitlements' ? operation.change.revoke : []
}

/** The totals in people's words. */
export function totalsInWords({
  kinds,
  entitlements,
  accounts,
  connection,
}: PreviewTotals): readonly string[] {
  const counted = (Object.keys(kinds) as PreviewKind[]).filter((kind) => kinds[kind] > 0)
  return [
    `${accounts} ${accounts === 1 ? 'account' : 'accounts'} at ${connection}`,
    ...counted.map((kind) => `${kinds[kind]} ${phrases[kind]}`),
    ...Object.values(entitlements)
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .map(({ name, grants, revokes }) => `${name}: ${grants} granted, ${revokes} taken away`),
  ]
}

const phrases: Record<PreviewKind, string> = {
  create: 'to create',
  adopt: 'to link to an account that is there already',
  recreate: 'to remove and create under a new login',
  change: 'to change',
  'shut-out': 'to shut out',
  refused: 'refused',
  ignored: 'ignored',
  unchanged: 'as wanted',
}
