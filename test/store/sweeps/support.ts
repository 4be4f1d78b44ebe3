import pino from 'pino'
import type { Connections, LiveConnection } from '../../../src/provisioning/connections.ts'
import { sweeperDefaults, type Sweeping, walk } from '../../../src/provisioning/sweeps/walk.ts'
import type { Store } from '../../../src/app/stores.ts'
import type { Capabilities } from '../../../src/model/capabilities.ts'
import type { Target } from '../../../src/vendors/contract.ts'
import type { TestStore } from '../../support/database.ts'
import type { Account, Entitlement } from '../../../src/model/account.ts'
import type { Policy } from '../../../src/model/policy.ts'

const many = {
  perAccount: 'many',
  assigned: 'on-create',
  write: 'delta',
  perAssign: 10,
  perRevoke: 10,
} as const

/** A vendor whose list shows everything and that keeps no attribute: only entitlements differ. */
const can: Capabilities = {
  account: { create: 'direct', disable: true, remove: true },
  correlateBy: ['email'],
  attributes: { email: { mutability: 'immutable', required: true } },
  entitlements: { role: { ...many, catalogue: 'fetched' } },
}

const catalogue: readonly Entitlement[] = ['reader', 'admin'].map((id) => ({ kind: 'role', id, name: id }))

export const accountOf = (login: string): Account => ({
  id: `v-${login}`,
  login,
  profile: { email: login },
  state: 'active',
  entitlements: [],
  privileged: false,
  facts: {},
})

export interface Calls {
  find: number
  list: number
}

/** Connections whose vendor has these accounts; `calls` counts what is asked of it. */
export function connectionsOf(
  spec: { readonly id: string; readonly directoryId: string; readonly policy: Policy },
  accounts: readonly Account[] = [],
  calls: Calls = { find: 0, list: 0 },
): Connections {
  const target = {
    capabilities: can,
    async *list() {
      calls.list += 1
      yield* accounts
    },
    find: () => {
      calls.find += 1
      return Promise.resolve([])
    },
  } as unknown as Target
  const live: LiveConnection = {
    ...spec,
    name: 'falcon',
    vendor: 'crowdstrike',
    writes: { worked() {}, haveWorked: () => true, refused: () => 1 },
    doubtProfile() {},
    target,
    can,
    tenant: () => Promise.resolve('crowdstrike:t1'),
    self: () => Promise.resolve(undefined),
    catalogue: () => Promise.resolve(catalogue),
  }
  const open = {
    ...live,
    ready: () => Promise.resolve(live),
    patiently: <T>(work: () => Promise<T>) => work(),
    during: <T>(_p: number, _q: object, work: () => Promise<T>) => work(),
  }
  return { byId: (id) => (id === spec.id ? open : undefined), ofDirectory: () => [open] }
}

/** Walks what there is to sweep to its end, and answers how many sweeps that were. */
export async function sweepAll(store: Store, connections: Connections): Promise<number> {
  const by: Sweeping = {
    sweeps: store.sweeps,
    connections,
    log: pino({ level: 'silent' }),
    now: Date.now,
    wake() {},
  }
  let walked = 0
  for (let sweep = await store.sweeps.claim(); sweep; sweep = await store.sweeps.claim()) {
    await walk(by, sweep, sweeperDefaults.pageSize, new AbortController().signal)
    walked += 1
  }
  return walked
}

/** People in the form in which the store keeps them, with an account that is proven to hold nothing at the connection. */
export async function seedPeople(
  store: TestStore,
  directoryId: string,
  connectionId: string | undefined,
  count: number,
): Promise<string[]> {
  await store.query(
    `INSERT INTO users (id, directory_id, user_name, user_name_key, email_keys, body, active_wanted, active_shown, acknowledged_at)
     SELECT gen_random_uuid(), $1::uuid, name, name, ARRAY[name], jsonb_build_object('userName', name, 'active', true), true, true, now()
     FROM (SELECT 'p' || n || '@corp.example' AS name FROM generate_series(1, $2::int) n) people`,
    [directoryId, count],
  )
  if (connectionId !== undefined) {
    await store.query(
      `INSERT INTO accounts (id, connection_id, user_id, priority, status, proven_version, vendor_tenant, vendor_account_id, held)
       SELECT gen_random_uuid(), $1::uuid, u.id, 3, 'proven', 1, 'crowdstrike:t1', 'v-' || u.user_name,
         jsonb_build_object('granted', '[]'::jsonb, 'account', jsonb_build_object('id', 'v-' || u.user_name, 'login', u.user_name,
           'profile', jsonb_build_object('email', u.user_name), 'state', 'active', 'entitlements', '[]'::jsonb, 'privileged', false,
           'facts', '{}'::jsonb))
       FROM users u WHERE u.directory_id = $2::uuid ON CONFLICT DO NOTHING`,
      [connectionId, directoryId],
    )
  }
  const rows = await store.query<{ id: string }>(
    'SELECT id FROM users WHERE directory_id = $1::uuid ORDER BY id',
    [directoryId],
  )
  return rows.map(({ id }) => id)
}
