import { type Capabilities, type EntitlementSupport } from '../../../src/model/capabilities.ts'
import type { Held, Wanted, WantedEntitlement } from '../../../src/model/plan.ts'
import {
  type Account,
  type Entitlement,
  entitlementKey,
  type EntitlementRef,
} from '../../../src/model/account.ts'
import type { Person } from '../../../src/model/person.ts'
import type { Policy } from '../../../src/model/policy.ts'

export const now = '2026-11-21T12:00:00.000Z'

export const sentry: Capabilities = {
  account: { create: 'invite', disable: false, remove: true },
  correlateBy: ['email'],
  attributes: {
    email: { mutability: 'immutable', required: true },
    displayName: { mutability: 'readOnly' },
  },
  entitlements: {
    role: support({ perAccount: 'one', assigned: 'on-create', write: 'replace', floor: ['member'] }),
    group: support({ perAccount: 'many', assigned: 'on-create', write: 'delta' }),
  },
}

export const falcon: Capabilities = {
  account: { create: 'direct', disable: false, remove: true },
  correlateBy: ['email'],
  attributes: {
    email: { mutability: 'immutable', required: true },
    givenName: { mutability: 'readWrite', required: true },
    familyName: { mutability: 'readWrite', required: true },
  },
  updateTogether: ['givenName', 'familyName'],
  scopes: { cid: { checksumDigits: 2 }, site: {} },
  entitlements: { role: support({ perAssign: 100, perRevoke: 100, expires: true }) },
  readLagMs: 90_000,
}

/** A vendor with a switch, profiles and groups, as Sisense has them. */
export const switchable: Capabilities = {
  account: { create: 'direct', disable: true, remove: true },
  correlateBy: ['email', 'userName'],
  attributes: {
    userName: { mutability: 'readWrite' },
    email: { mutability: 'readWrite', required: true },
    givenName: { mutability: 'readWrite' },
    displayName: { mutability: 'immutable' },
  },
  entitlements: {
    role: support({ perAccount: 'one', assigned: 'on-create', write: 'replace', floor: ['viewer'] }),
    group: support({ assigned: 'on-create', write: 'replace' }),
  },
}

export function support(given: Partial<EntitlementSupport> = {}): EntitlementSupport {
  return {
    perAccount: 'many',
    assigned: 'separately',
    write: 'delta',
    perAssign: 1,
    perRevoke: 1,
    catalogue: 'fetched',
    ...given,
  }
}

export function aPolicy(given: Partial<Policy> = {}): Policy {
  return {
    mode: 'enforce',
    people: 'assigned',
    login: 'userName',
    rules: [],
    default: {},
    exclusive: false,
    deprovision: { inactive: ['strip'], deleted: ['remove'], graceDays: 0 },
    rename: 'keep',
    adopt: 'always',
    guard: {
      protect: [],
      shutOuts: { count: 25, withinMs: 3_600_000 },
      revokes: { count: 100, withinMs: 3_600_000 },
    },
    reinvite: 'never',
    reply: { budgetMs: 8_000, pendingShutOut: 'retry' },
    ...given,
  }
}

export const ada: Person = {
  login: 'ada@corp.example',
  active: true,
  profile: {
    userName: 'ada@corp.example',
    email: 'ada@corp.example',
    givenName: 'Ada',
    familyName: 'Lovelace',
  },
  groups: [],
}

export function anAccount(given: Partial<Account> = {}): Account {
  return {
    id: 'a-1',
    login: ada.login,
    profile: { ...ada.profile },
    state: 'active',
    entitlements: [],
    privileged: false,
    facts: {},
    ...given,
  }
}

/** What Drawbridge granted is named by `granted`; by default everything that is not inherited. */
export function aHeld(account: Partial<Account> = {}, granted?: readonly EntitlementRef[]): Held {
  const complete = anAccount(account)
  const ours = granted ?? complete.entitlements.filter(({ inherited }) => !inherited)
  return {
    account: complete,
    granted: ours.map((ref) => ({ key: entitlementKey(ref), wishes: [requestOf(ref)] })),
  }
}

export type Present = Extract<Wanted, { kind: 'present' }>

export function wants(refs: readonly EntitlementRef[] = [], given: Partial<Present> = {}): Present {
  return {
    kind: 'present',
    person: ada,
    entitlements: refs.map((ref) => wantedEntitlement(ref)),
    frozen: [],
    deviations: [],
    ...given,
  }
}

export function wantedEntitlement(ref: EntitlementRef): WantedEntitlement {
  return { ref, name: ref.id, reasons: [{ group: 'Some', rule: 0 }], requests: [requestOf(ref)] }
}

export const requestOf = (ref: EntitlementRef): string => entitlementKey(ref)

export type Ref = EntitlementRef

export const role = (id: string): EntitlementRef => ({ kind: 'role', id })
export const group = (id: string): EntitlementRef => ({ kind: 'group', id })
export const teamRole = (id: string, team: string): EntitlementRef => ({
  kind: 'role',
  id,
  scope: { level: 'team', id: team },
})
export const cidRole = (id: string, cid = 'cid-a'): EntitlementRef => ({
  kind: 'role',
  id,
  scope: { level: 'cid', id: cid },
})

export const entry = (ref: EntitlementRef, name: string = ref.id): Entitlement => ({ ...ref, name })
