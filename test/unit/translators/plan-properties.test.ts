import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { holds } from '../../../src/translators/shut-out.ts'
import type { Held, Operation, Wanted } from '../../../src/model/plan.ts'
import { plan } from '../../../src/translators/plan.ts'
import { type Capabilities, type EntitlementSupport } from '../../../src/model/capabilities.ts'
import { ada, anAccount, aPolicy, now, wants, requestOf } from './builders.ts'
import { carriedOut, stepTaken } from './simulated-account.ts'
import {
  type EntitlementChange,
  entitlementKey,
  type EntitlementRef,
  type HeldEntitlement,
  type Scope,
} from '../../../src/model/account.ts'
import type { Policy } from '../../../src/model/policy.ts'
import { slotOf } from '../../../src/translators/granted.ts'

const scopes: readonly (Scope | undefined)[] = [
  undefined,
  { level: 'site', id: 'emea' },
  { level: 'team', id: 'g1' },
]
const ids = fc.constantFrom('floor', 'g1', 'g2', 'g3', 'g4')

const ref: fc.Arbitrary<EntitlementRef> = fc
  .record({
    kind: fc.constantFrom('role' as const, 'group' as const),
    id: ids,
    scope: fc.constantFrom(...scopes),
  })
  .map(({ kind, id, scope }) => ({ kind, id, ...(scope && kind === 'role' ? { scope } : {}) }))

const kindSupport: fc.Arbitrary<EntitlementSupport> = fc.record({
  perAccount: fc.constantFrom('one' as const, 'many' as const),
  assigned: fc.constantFrom('on-create' as const, 'separately' as const),
  write: fc.constantFrom('delta' as const, 'replace' as const),
  perAssign: fc.integer({ min: 1, max: 3 }),
  perRevoke: fc.integer({ min: 1, max: 3 }),
  catalogue: fc.constant('fetched' as const),
  floor: fc.constantFrom([], ['floor']),
})

const capabilities: fc.Arbitrary<Capabilities> = fc
  .record({
    create: fc.constantFrom('direct' as const, 'invite' as const),
    disable: fc.boolean(),
    mutability: fc.constantFrom('readWrite' as const, 'immutable' as const, 'readOnly' as const),
    required: fc.boolean(),
    role: kindSupport,
    group: kindSupport,
  })
  .map(({ create, disable, mutability, required, role, group }) => ({
    account: { create, disable, remove: true },
    correlateBy: ['email'],
    attributes: {
      email: { mutability: 'immutable' },
      givenName: { mutability, ...(required ? { required } : {}) },
      familyName: { mutability: 'readWrite' },
    },
    updateTogether: ['givenName', 'familyName'],
    entitlements: { role, group },
  }))

const name = fc.option(fc.constantFrom('A', 'B'), { nil: undefined })
const names = fc
  .record({ givenName: name, familyName: name })
  .map((given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))

const someRefs = fc.uniqueArray(ref, { selector: entitlementKey, maxLength: 8 })

interface World {
  readonly can: Capabilities
  readonly held: Held | undefined
  readonly wanted: Extract<Wanted, { kind: 'present' }>
  readonly policy: Policy
}

const world: fc.Arbitrary<World> = fc
  .record({
    can: capabilities,
    holding: fc.option(someRefs, { nil: undefined }),
    inherited: someRefs,
    ours: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    state: fc.constantFrom('active' as const, 'disabled' as const, 'invited' as const),
    profile: names,
    wantedProfile: names,
    requests: someRefs,
    frozen: someRefs,
    exclusive: fc.boolean(),
  })
  .map(({ can, holding, inherited, ours, state, profile, wantedProfile, requests, frozen, exclusive }) => {
    const direct = onePerSlot(holding ?? [], can)
    const entitlements: HeldEntitlement[] = [
      ...direct,
      ...inherited.map((each) => ({ ...each, inherited: true })),
    ]
    const account = anAccount({ state, profile: { email: ada.login, ...profile }, entitlements })
    const granted = direct
      .filter((_, at) => ours[at])
      .map((each) => ({ key: entitlementKey(each), wishes: [requestOf(each)] }))
    const person = { ...ada, profile: { email: ada.login, ...wantedProfile } }
    return {
      can,
      held: holding && { account, granted },
      wanted: wants(onePerSlot(requests, can), { person, frozen: frozen.map(requestOf) }),
      policy: aPolicy({ exclusive }),
    }
  })

function onePerSlot(refs: readonly EntitlementRef[], can: Capabilities): readonly EntitlementRef[] {
  const taken = new Map<string, EntitlementRef>()
  for (const each of refs) {
    const key = can.entitlements[each.kind]?.perAccount === 'one' ? slotOf(each) : entitlementKey(each)
    if (!taken.has(key)) taken.set(key, each)
  }
  return [...taken.values()]
}

function planOf({ wanted, held, can, policy }: World): readonly Operation[] {
  return plan({ wanted, held, can, policy, now }).operations
}

function changesOf(operations: readonly Operation[]): readonly EntitlementChange[] {
  return operations.flatMap((operation) => (operation.op === 'change-entitlements' ? [operation.change] : []))
}

const runs = { numRuns: 2_000 }

describe('every plan', () => {
  it('converges: once carried out, nothing is left to do', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { wanted, held, can } = given
        const after = carriedOut(planOf(given), held, wanted.entitlements, can)
        assert.deepEqual(planOf({ ...given, held: after }), [])
      }),
      runs,
    )
  })

  it('leads to what is wanted, but for what is deferred or frozen', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { wanted, held, can } = given
        const after = carriedOut(planOf(given), held, wanted.entitlements, can)
        const has = new Set(after?.account.entitlements.map(entitlementKey))
        const isDeferred = ({ scope }: EntitlementRef): boolean =>
          after?.account.state === 'invited' && scope?.level === 'team'
        const keepers = new Set(frozenIn(given).map(slotOf))
        const missing = wanted.entitlements
          .map((each) => each.ref)
          .filter((each) => !has.has(entitlementKey(each)) && !isDeferred(each) && !keepers.has(slotOf(each)))
        assert.deepEqual(missing, [])
      }),
      runs,
    )
  })

  it('survives a stop after any operation: planning again leads to the same account', () => {
    fc.assert(
      fc.property(world, fc.nat(6), (given, stop) => {
        const { wanted, held, can } = given
        const operations = planOf(given)
        const straight = carriedOut(operations, held, wanted.entitlements, can)
        const stopped = carriedOut(operations.slice(0, stop), held, wanted.entitlements, can)
        const again = carriedOut(planOf({ ...given, held: stopped }), stopped, wanted.entitlements, can)
        assert.deepEqual(stateOf(again), stateOf(straight))
      }),
      runs,
    )
  })

  it('never revokes what Drawbridge did not grant, what is frozen, inherited or a floor', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { held, can, policy } = given
        const granted = new Set(held?.granted.map(({ key }) => key))
        const frozen = new Set(frozenIn(given).map(entitlementKey))
        const direct = new Set(
          held?.account.entitlements.filter((each) => !each.inherited).map(entitlementKey),
        )
        for (const each of changesOf(planOf(given)).flatMap(({ revoke }) => revoke)) {
          const key = entitlementKey(each)
          assert.ok(policy.exclusive || granted.has(key))
          assert.ok(direct.has(key) && !frozen.has(key))
          assert.ok(!can.entitlements[each.kind]?.floor?.includes(each.id))
        }
      }),
      runs,
    )
  })

  it('grants before it revokes, within the sizes of the vendor, and replaces a set in one call', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { can } = given
        const changes = changesOf(planOf(given))
        const isReplaced = ({ kind }: EntitlementRef): boolean => can.entitlements[kind]?.write === 'replace'
        if (changes.some(({ assign, revoke }) => [...assign, ...revoke].some(isReplaced))) {
          assert.equal(changes.length, 1)
          return
        }
        const firstRevoke = changes.findIndex(({ revoke }) => revoke.length > 0)
        const lastAssign = changes.findLastIndex(({ assign }) => assign.length > 0)
        assert.ok(firstRevoke < 0 || lastAssign < firstRevoke)
        for (const { assign, revoke } of changes) {
          assert.ok(assign.length > 0 !== revoke.length > 0)
          assert.equal(new Set([...assign, ...revoke].map(slotOf)).size, 1)
          const [first] = [...assign, ...revoke]
          const support = first && can.entitlements[first.kind]
          assert.ok(support && assign.length <= support.perAssign && revoke.length <= support.perRevoke)
        }
      }),
      runs,
    )
  })

  it('creates first and only whom there is not', () => {
    fc.assert(
      fc.property(world, (given) => {
        const kinds = planOf(given).map(({ op }) => op)
        assert.equal(kinds.includes('create'), given.held === undefined)
        assert.ok(kinds.lastIndexOf('create') <= 0)
        assert.ok(!kinds.includes('shut-out'))
      }),
      runs,
    )
  })
})

describe('every shut-out', () => {
  it('holds once its first step is taken, and is not planned again', () => {
    const steps = fc.uniqueArray(fc.constantFrom('disable' as const, 'strip' as const, 'remove' as const), {
      minLength: 1,
    })
    fc.assert(
      fc.property(world, steps, ({ can, held }, inactive) => {
        if (!held) return
        const policy = aPolicy({ deprovision: { inactive, deleted: ['remove'], graceDays: 0 } })
        const wanted: Wanted = { kind: 'shut-out', because: 'inactive' }
        const { operations, deviations } = plan({ wanted, held, can, policy, now })
        const [operation] = operations
        if (!operation) {
          const done = inactive.some((step) => holds(step, held.account, can))
          assert.ok(done || deviations.some(({ code }) => code === 'no-usable-step'))
          return
        }
        assert.ok(operation.op === 'shut-out' && operation.steps[0])
        const account = stepTaken(operation.steps[0], held.account, can)
        assert.ok(holds(operation.steps[0], account, can))
        const after = account && { account, granted: [] }
        assert.deepEqual(plan({ wanted, held: after, can, policy, now }).operations, [])
      }),
      runs,
    )
  })
})

/** What Drawbridge granted because of right sides that do not resolve now. */
function frozenIn({ held, wanted }: World): readonly HeldEntitlement[] {
  const keys = new Set(
    held?.granted
      .filter(({ wishes: requests }) => requests.some((request) => wanted.frozen.includes(request)))
      .map(({ key }) => key),
  )
  return (held?.account.entitlements ?? []).filter(
    (each) => !each.inherited && keys.has(entitlementKey(each)),
  )
}

function stateOf(held: Held | undefined): unknown {
  if (!held) return undefined
  const { entitlements, profile, state } = held.account
  return { state, profile, entitlements: entitlements.map(entitlementKey).sort() }
}
