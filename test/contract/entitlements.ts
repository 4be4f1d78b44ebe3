import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Capabilities, type EntitlementKind } from '../../src/model/capabilities.ts'
import { type Target } from '../../src/vendors/contract.ts'
import { type Bench, heldKeys } from './vendor-contract.ts'
import { type Entitlement, entitlementKey, type EntitlementRef } from '../../src/model/account.ts'

const kinds: readonly EntitlementKind[] = ['role', 'group']

/** Assigning and revoking, for each kind that the table knows. */
export function describeEntitlements(bench: Bench): void {
  const { subject, target, unless } = bench
  const can = subject.vendor.capabilities(subject.profile)

  describe('catalogue', () => {
    it('names everything that can be held, once', async () => {
      const catalogue = await target().catalogue()
      const keys = catalogue.map(entitlementKey)
      assert.equal(new Set(keys).size, keys.length)
      assert.ok(catalogue.every(({ name }) => name !== ''))
      for (const kind of kinds) {
        assert.equal(
          catalogue.some((each) => each.kind === kind),
          can.entitlements[kind] !== undefined,
          kind,
        )
      }
    })
  })

  for (const kind of kinds) {
    describe(`${kind}s`, unless(can.entitlements[kind], `has no ${kind}s`), () =>
      describeKind(bench, kind, can),
    )
  }

  const both = can.entitlements.role && can.entitlements.group
  describe('changes', unless(both, 'has one kind of entitlement only'), () => {
    it('leave alone what they do not name', async () => {
      const { id } = await bench.create('ada')
      const group = await pick(target(), 'group')
      const role = await pick(target(), 'role')
      await assign(target(), id, group)
      await assign(target(), id, role)
      const held = await heldKeys(target(), id)
      assert.ok(held.includes(entitlementKey(group)), 'the group is kept when a role changes')
      assert.ok(held.includes(entitlementKey(role)))
    })
  })
}

function describeKind(
  { target, create, draft, unless, simulator }: Bench,
  kind: EntitlementKind,
  can: Capabilities,
): void {
  const support = can.entitlements[kind]
  const isMany = support?.perAccount === 'many'

  it('assigns one and revokes it again, with one writing call each', async () => {
    const { id } = await create('ada')
    const before = await heldKeys(target(), id)
    const entitlement = await pick(target(), kind)
    const writes = () => simulator().trace.filter(({ mutating }) => mutating).length
    const written = writes()
    await assign(target(), id, entitlement)
    assert.equal(writes(), written + 1)
    assert.ok((await heldKeys(target(), id)).includes(entitlementKey(entitlement)))
    await revoke(target(), id, entitlement)
    assert.equal(writes(), written + 2)
    assert.deepEqual(await heldKeys(target(), id), before)
  })

  it('keeps the others when one of several goes', unless(isMany, `holds one ${kind} only`), async () => {
    const { id } = await create('ada')
    const [one, other] = await several(target(), kind)
    await assign(target(), id, one)
    await assign(target(), id, other)
    await revoke(target(), id, one)
    const held = await heldKeys(target(), id)
    assert.ok(held.includes(entitlementKey(other)))
    assert.ok(!held.includes(entitlementKey(one)))
  })

  it('replaces the one it holds', unless(!isMany, `holds many ${kind}s`), async () => {
    const { id } = await create('ada')
    const [one, other] = await several(target(), kind)
    await assign(target(), id, one)
    await assign(target(), id, other)
    const held = await heldKeys(target(), id)
    assert.ok(held.includes(entitlementKey(other)))
    assert.ok(!held.includes(entitlementKey(one)))
  })

  it(
    'takes it along on creation',
    unless(support?.assigned === 'on-create', `assigns ${kind}s separately`),
    async () => {
      const entitlement = refOf(await pick(target(), kind))
      const { account } = await target().create({ ...draft('ada'), entitlements: [entitlement] })
      assert.ok(account)
      assert.ok((await heldKeys(target(), account.id)).includes(entitlementKey(entitlement)))
    },
  )
}

async function several(target: Target, kind: EntitlementKind): Promise<readonly [Entitlement, Entitlement]> {
  const floor: readonly string[] = target.capabilities.entitlements[kind]?.floor ?? []
  const offered = (await target.catalogue()).filter(
    (each) =>
      each.kind === kind && each.scope?.level !== 'team' && !floor.includes(each.id) && each.id !== 'billing',
  )
  const [one, other] = offered
  assert.ok(one && other, `the catalogue has fewer than two ${kind}s`)
  return [one, other]
}

async function pick(target: Target, kind: EntitlementKind): Promise<Entitlement> {
  return (await several(target, kind))[0]
}

function refOf({ kind, id, scope }: Entitlement): EntitlementRef {
  return { kind, id, ...(scope ? { scope } : {}) }
}

async function assign(target: Target, id: string, entitlement: Entitlement): Promise<void> {
  await target.changeEntitlements(id, { assign: [refOf(entitlement)], revoke: [] })
}

async function revoke(target: Target, id: string, entitlement: Entitlement): Promise<void> {
  await target.changeEntitlements(id, { assign: [], revoke: [refOf(entitlement)] })
}
