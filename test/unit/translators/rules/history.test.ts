import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { matching } from '../../../../src/config/matching.ts'
import type { Held } from '../../../../src/model/plan.ts'
import { plan } from '../../../../src/translators/plan.ts'
import { wantedOf } from '../../../../src/translators/wanted.ts'
import { type Capabilities } from '../../../../src/model/capabilities.ts'
import { aPolicy, cidRole, entry, falcon, group, role, sentry, switchable, teamRole } from '../builders.ts'
import { carriedOut } from '../simulated-account.ts'
import { type Entitlement, entitlementKey, type HeldEntitlement } from '../../../../src/model/account.ts'
import type { GroupRef } from '../../../../src/model/person.ts'
import type { Policy, Rule } from '../../../../src/model/policy.ts'

/** One state of the directory, as pushes leave it behind. */
interface Push {
  readonly groups: readonly string[]
  readonly roles: readonly string[]
  readonly department: string
  /** Hours since the push before. */
  readonly hours: number
}

interface Tenant {
  readonly can: Capabilities
  readonly catalogue: readonly Entitlement[]
  readonly roles: readonly string[]
  readonly teams: readonly string[]
  /** Somebody gave it at the vendor. */
  readonly byHand?: HeldEntitlement
}

const names = ['A', 'B', 'core', 'web']
const tenants: readonly Tenant[] = [
  {
    can: sentry,
    catalogue: [
      ...['member', 'manager', 'owner'].map((id) => entry(role(id))),
      ...['core', 'web', 'ops'].map((id) => entry(group(id))),
      entry(teamRole('admin', 'core'), 'Lead'),
    ],
    roles: ['member', 'manager', 'owner'],
    teams: ['core', 'web'],
    byHand: group('ops'),
  },
  {
    can: falcon,
    catalogue: ['core', 'web', 'admin', 'extra'].map((id) => entry(cidRole(id))),
    roles: ['core', 'web', 'admin'],
    teams: [],
    byHand: cidRole('extra'),
  },
  {
    can: switchable,
    catalogue: [
      ...['viewer', 'designer'].map((id) => entry(role(id))),
      ...['core', 'web'].map((id) => entry(group(id))),
    ],
    roles: ['viewer', 'designer'],
    teams: ['core', 'web'],
  },
]

const push: fc.Arbitrary<Push> = fc.record({
  groups: fc.subarray(names),
  roles: fc.subarray(['core', 'web']),
  department: fc.constantFrom('Finance', 'Sales'),
  hours: fc.integer({ min: 0, max: 5 }),
})

function ruleFor({ roles, teams }: Tenant): fc.Arbitrary<Rule> {
  const left: fc.Arbitrary<Rule> = fc.oneof(
    fc.constantFrom(...names).map((name) => ({ group: name })),
    fc.constantFrom({ group: '/^[AB]$/' }, { attribute: 'department eq "Finance"' }, { roles: 'core' }),
  )
  const right: fc.Arbitrary<Rule> = fc.oneof(
    fc.constantFrom(...roles).map((name) => ({ role: name })),
    ...(teams.length > 0 ? [fc.constantFrom(...teams).map((name) => ({ team: name }))] : []),
  )
  const end = fc.option(fc.constantFrom('1h', '3h', '8h'), { nil: undefined })
  const except = fc.option(fc.constantFrom('A', 'web'), { nil: undefined })
  const plain = fc.tuple(left, right, end, except).map(([who, what, until, exception]): Rule => ({
    ...who,
    ...what,
    ...(until !== undefined && who.group !== undefined ? { until } : {}),
    ...(exception === undefined ? {} : { except: [exception] }),
  }))
  const named: Rule[] = teams.length > 0 ? [{ group: '/^(?<team>core|web)$/', team: '{team}' }] : []
  return named.length > 0 ? fc.oneof(plain, fc.constantFrom(...named)) : plain
}

interface World {
  readonly tenant: Tenant
  readonly policy: Policy
  readonly history: readonly Push[]
}

const world: fc.Arbitrary<World> = fc.constantFrom(...tenants).chain((tenant) =>
  fc.record({
    tenant: fc.constant(tenant),
    policy: fc
      .record({
        rules: fc.array(ruleFor(tenant), { maxLength: 5 }),
        exclusive: fc.boolean(),
        byDefault: fc.option(fc.constantFrom(...tenant.roles), { nil: undefined }),
      })
      .map(({ rules, exclusive, byDefault }) =>
        aPolicy({ rules, exclusive, default: byDefault === undefined ? {} : { role: byDefault } }),
      ),
    history: fc.array(push, { minLength: 1, maxLength: 6 }),
  }),
)

const start = Date.parse('2026-11-21T12:00:00.000Z')
const iso = (ms: number): string => new Date(ms).toISOString()

/** The directory and its clock after each push; a membership that stays keeps the moment at which it began. */
function* directory(history: readonly Push[]) {
  let at = start
  let groups: readonly GroupRef[] = []
  for (const each of history) {
    at += each.hours * 3_600_000
    const before = new Map(groups.map((known) => [known.displayName, known]))
    groups = each.groups.map((name) => before.get(name) ?? { id: name, displayName: name, since: iso(at) })
    const resource = {
      userName: 'ada@corp.example',
      roles: each.roles.map((value) => ({ value })),
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: each.department },
    }
    yield { groups, resource, now: iso(at) }
  }
}

type Moment = ReturnType<typeof directory> extends Generator<infer M> ? M : never

function wantedAt({ tenant, policy }: World, { groups, resource, now }: Moment) {
  const { can: capabilities, catalogue } = tenant
  const wanted = wantedOf({
    resource,
    active: true,
    deleted: false,
    groups,
    policy,
    catalogue,
    can: capabilities,
    matching,
    now,
  })
  assert.ok(wanted.kind === 'present')
  return wanted
}

/** Plans and carries out until nothing is left to do, as retries and repeated pushes do. */
function settled(world: World, moment: Moment, before: Held | undefined): Held {
  const { can } = world.tenant
  const wanted = wantedAt(world, moment)
  let held = before && lapsed(before, moment.now)
  for (let round = 0; round < 4; round += 1) {
    const { operations } = plan({ wanted, held, can, policy: world.policy, now: moment.now })
    if (operations.length === 0) break
    assert.ok(round < 3, `does not settle: ${JSON.stringify(operations)}`)
    held = carriedOut(operations, held, wanted.entitlements, can)
    if (held?.account.state === 'invited') held = { ...held, account: { ...held.account, state: 'active' } }
  }
  assert.ok(held)
  return held
}

/** The vendor ends grants at their time, on its own. */
function lapsed(held: Held, now: string): Held {
  const entitlements = held.account.entitlements.filter(
    ({ until }) => until === undefined || Date.parse(until) > Date.parse(now),
  )
  return { ...held, account: { ...held.account, entitlements } }
}

function given(held: Held, { byHand }: Tenant): Held {
  if (!byHand || held.account.entitlements.some((each) => entitlementKey(each) === entitlementKey(byHand)))
    return held
  return { ...held, account: { ...held.account, entitlements: [...held.account.entitlements, byHand] } }
}

function holds({ account }: Held): readonly string[] {
  return account.entitlements.map(entitlementKey).toSorted()
}

/** What rules and directory alone say: the vendor's floor where they leave a slot empty, and what is nobody's business. */
function expected(world: World, moment: Moment): readonly string[] {
  const { can, byHand } = world.tenant
  const keys = wantedAt(world, moment).entitlements.map(({ ref }) => entitlementKey(ref))
  const floors = (['role', 'group'] as const).flatMap((kind) => {
    const [id] = can.entitlements[kind]?.floor ?? []
    const isFilled = keys.some((key) => key.startsWith(`${kind}:`) && !key.includes('@team'))
    return id === undefined || isFilled ? [] : [`${kind}:${id}`]
  })
  const stays = byHand && !world.policy.exclusive ? [entitlementKey(byHand)] : []
  return [...new Set([...keys, ...floors, ...stays])].toSorted()
}

describe('entitlements after settling', () => {
  it('are what directory and rules say, whatever the order and repetition of pushes', () => {
    fc.assert(
      fc.property(world, fc.array(fc.boolean(), { maxLength: 6 }), (here, lost) => {
        const moments = [...directory(here.history)]
        const last = moments.at(-1)
        assert.ok(last)
        // A push that comes late finds the state after it; some are looked at twice, and the first is always carried out.
        let held: Held | undefined
        for (const [at, moment] of moments.entries()) {
          if (at > 0 && at < moments.length - 1 && lost[at]) continue
          held = settled(here, moment, held)
          if (at === 0) held = given(held, here.tenant)
          held = settled(here, moment, held)
        }
        assert.ok(held)
        assert.deepEqual(holds(held), expected(here, last))
      }),
      { numRuns: 600 },
    )
  })

  it('change when time alone is over, at the moment that was told', () => {
    fc.assert(
      fc.property(world, (here) => {
        const moment = [...directory(here.history)].at(-1)
        assert.ok(moment)
        const held = settled(here, moment, undefined)
        const { changesAt } = wantedAt(here, moment)
        const next = { ...moment, now: changesAt ?? iso(start + 1_000 * 3_600_000) }
        const before = { ...moment, now: iso(Date.parse(next.now) - 1) }
        assert.deepEqual(holds(settled(here, before, held)), holds(held))
        const after = holds(settled(here, next, held))
        assert.deepEqual(after, holds(settled(here, next, undefined)))
        if (changesAt === undefined) assert.deepEqual(after, holds(held))
      }),
      { numRuns: 300 },
    )
  })
})
