export const dayMs = 24 * 60 * 60_000

export interface SimAccount {
  readonly id: string
  readonly name: string
}

export interface SimSite extends SimAccount {
  readonly accountId: string
}

export interface SimRole {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly predefinedRole: boolean
  readonly scope: 'tenant' | 'account' | 'site'
  /** Of the account or site that the role was made in. */
  readonly scopeId: string | null
}

export function firstAccounts(nextId: () => string): readonly SimAccount[] {
  return ['Acme', 'Globex'].map((name) => ({ id: nextId(), name }))
}

/** Two in the first account, one in the second. */
export function firstSites(nextId: () => string, [first, second]: readonly SimAccount[]): readonly SimSite[] {
  const site = (name: string, account: SimAccount | undefined): SimSite => ({
    id: nextId(),
    name,
    accountId: account?.id ?? '',
  })
  return [site('EMEA', first), site('APAC', first), site('Springfield', second)]
}

const predefined: readonly [name: string, description: string][] = [
  ['Admin', 'Full access'],
  ['Viewer', 'Read-only'],
  ['C-Level', 'Reports'],
  ['IR Team', 'Incident response'],
  ['IT', 'Agents and policies'],
  ['SOC', 'Threats'],
]

/** The console's own roles, one of the account without permissions, and one of a site. */
export function firstRoles(
  nextId: () => string,
  [account]: readonly SimAccount[],
  [site]: readonly SimSite[],
): readonly SimRole[] {
  const own = predefined.map(([name, description]): SimRole => ({
    id: nextId(),
    name,
    description,
    predefinedRole: true,
    scope: 'tenant',
    scopeId: null,
  }))
  const custom = { id: '', description: '', predefinedRole: false }
  return [
    ...own,
    { ...custom, id: nextId(), name: 'No Access', scope: 'account', scopeId: account?.id ?? null },
    { ...custom, id: nextId(), name: 'EMEA Analyst', scope: 'site', scopeId: site?.id ?? null },
  ]
}
