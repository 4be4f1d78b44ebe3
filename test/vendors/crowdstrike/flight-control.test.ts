import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolve } from '../../../src/translators/entitlements/catalogue.ts'
import { homeCid } from '../../../src/simulators/crowdstrike/state.ts'
import { create, falconBench, role } from './harness.ts'
import { entitlementKey } from '../../../src/model/account.ts'

const child = 'c'.repeat(32)
const stranger = 'd'.repeat(32)

describe('Flight Control', async () => {
  const { state, open, calls } = await falconBench('current')
  const parent = (memberCids: readonly string[] = [`${child.toUpperCase()}-1A`]) => {
    state.children.add(child)
    return open({ settings: { memberCids } })
  }
  const keys = (
    account: { readonly entitlements: readonly Parameters<typeof entitlementKey>[0][] } | undefined,
  ) => account?.entitlements.map(entitlementKey).sort()

  it('offers the roles of every CID; a rule without a scope means the home CID', async () => {
    const catalogue = await parent().catalogue()
    const admins = catalogue.filter(({ id }) => id === 'falcon_admin')
    assert.deepEqual(
      admins.map(({ scope, home }) => [scope?.id, home]),
      [
        [homeCid, true],
        [child, undefined],
      ],
    )
    for (const [scope, cid] of [
      [undefined, homeCid],
      [{ cid: child }, child],
      [{ cid: `${child}-1a` }, child],
    ] as const) {
      const found = resolve(
        { kind: 'role', name: 'Falcon Administrator', ...(scope && { scope }) },
        catalogue,
        undefined,
        parent().capabilities.scopes,
      )
      assert.ok(found.kind === 'found')
      assert.equal(found.entitlement.scope?.id, cid)
      assert.equal(found.further.length, 0)
    }
  })

  it('grants, shows and revokes roles in a child CID', async () => {
    const target = parent()
    const { id } = await create(target)
    await target.changeEntitlements(id, { assign: [role('help_desk', child)], revoke: [] })
    await target.changeEntitlements(id, { assign: [role('event_viewer')], revoke: [] })
    const both = [role('event_viewer'), role('help_desk', child)].map(entitlementKey).sort()
    assert.deepEqual(keys(await target.get(id)), both)
    assert.deepEqual(keys((await target.find('email', 'jane@corp.example'))[0]), both)
    await target.changeEntitlements(id, { assign: [], revoke: [role('help_desk', child)] })
    assert.deepEqual(keys(await target.get(id)), [entitlementKey(role('event_viewer'))])
  })

  it('never sends a custom role to a user of another CID than the one that owns it', async () => {
    const target = parent()
    const custom = (id: string, owner: string) =>
      state.roles.push({ id, display_name: `Custom ${id}`, owner })
    custom('own', homeCid)
    custom('of_child', child)
    const { id: own } = await create(target)
    const { id: adopted } = state.addUser({ email: 'kid@corp.example', cid: child })

    const catalogue = await target.catalogue()
    const found = resolve({ kind: 'role', name: 'Custom of_child', scope: { cid: child } }, catalogue)
    assert.match(found.kind === 'refused' ? found.why : found.kind, new RegExp(`custom role of CID ${child}`))
    assert.equal(resolve({ kind: 'role', name: 'Custom own' }, catalogue).kind, 'found')

    const grant = (id: string, name: string, cid: string, by = target) =>
      by.changeEntitlements(id, { assign: [role(name, cid)], revoke: [] })
    const grants = () => calls().filter((each) => each.includes('user-role-actions')).length
    await grant(own, 'own', child)
    await grant(adopted, 'of_child', child)
    assert.equal(grants(), 2)
    // A process that has not read the roles reads them first.
    for (const by of [target, parent()]) {
      await assert.rejects(grant(adopted, 'own', homeCid, by), { failure: 'unsupported' })
      await assert.rejects(grant(own, 'of_child', child, by), /custom role of CID c{32}/)
    }
    assert.equal(grants(), 2)
  })

  it('shows what a child grants through a CID group as inherited', async () => {
    const target = parent()
    const { id } = await create(target)
    state.grant(id, 'falcon_admin', { cid: child, cidGroup: 'All children' })
    const account = await target.get(id)
    assert.deepEqual(account?.entitlements, [{ ...role('falcon_admin', child), inherited: true }])
    assert.equal(account?.privileged, true)
  })

  it('tries every CID, so that one out of reach is told before it is needed', async () => {
    await parent().test()
    await assert.rejects(parent([stranger]).test(), { failure: 'invalid' })
  })

  it('reads one more page of roles for each CID, and no user where that is known', async () => {
    const target = parent()
    const account = await create(target)
    const before = calls().length
    await target.get(account.id, account)
    assert.deepEqual(
      calls().slice(before),
      Array.from({ length: 2 }, () => 'GET /user-management/combined/user-roles/v2'),
    )
    await target.remove?.(account.id)
    assert.equal(await target.get(account.id, account), undefined)
  })
})
