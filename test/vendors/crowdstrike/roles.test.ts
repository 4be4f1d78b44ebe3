import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toHeld } from '../../../src/vendors/crowdstrike/client-current.ts'
import { create, falconBench, rejection, role } from './harness.ts'

const actionsPath = '/user-management/entities/user-role-actions/v1'

describe('roles per CID', async () => {
  const { simulator, state, open, advance, writes } = await falconBench('current')

  const keys = async (id: string) => (await open().get(id))?.entitlements.map((each) => each.id).sort()

  it('carry the home CID in catalogue and held alike, so that they compare equal', async () => {
    const target = open()
    const { id } = await create(target)
    const [offered] = await target.catalogue()
    assert.ok(offered?.scope)
    await target.changeEntitlements(id, { assign: [offered], revoke: [] })
    assert.deepEqual((await target.get(id))?.entitlements[0]?.scope, offered.scope)
  })

  it('are never read as none where the answer cannot be read, or counts more than it shows', async () => {
    const target = open()
    const { id } = await create(target)
    await target.changeEntitlements(id, { assign: [role('event_viewer')], revoke: [] })
    const answers = [
      { resources: 'none' },
      { resources: [{ role_id: null }] },
      { resources: [] },
      { resources: null },
      {},
    ]
    for (const answer of answers) {
      simulator.clearFaults()
      simulator.rewrite({
        ...{ method: 'GET', path: /\/combined\/user-roles\/v2$/ },
        change: ({ status, body }) => ({
          status,
          body: { meta: (body as { meta: object }).meta, ...answer },
        }),
      })
      assert.equal((await rejection(target.get(id))).failure, 'unexpected', JSON.stringify(answer))
    }
    simulator.clearFaults()
    assert.deepEqual(await keys(id), ['event_viewer'])
  })

  it('are named by their display names, and administrators are privileged', async () => {
    const catalogue = await open().catalogue()
    const admin = catalogue.find(({ id }) => id === 'falcon_admin')
    assert.deepEqual([admin?.name, admin?.privileged], ['Falcon Administrator', true])
    assert.equal(catalogue.filter(({ privileged }) => privileged).length, 1)
  })

  it('are granted many at once in one call, at most 100', async () => {
    const target = open()
    const { id } = await create(target)
    const before = writes()
    await target.changeEntitlements(id, { assign: [role('event_viewer'), role('help_desk')], revoke: [] })
    assert.equal(writes(), before + 1)
    const many = Array.from({ length: 101 }, (_, at) => role(`role_${at}`))
    const error = await rejection(target.changeEntitlements(id, { assign: many, revoke: [] }))
    assert.equal(error.failure, 'unsupported')
    assert.equal(writes(), before + 1)
  })

  it('are granted all or not at all', async () => {
    const target = open()
    const { id } = await create(target)
    const assign = [role('event_viewer'), role('no_such_role')]
    const error = await rejection(target.changeEntitlements(id, { assign, revoke: [] }))
    assert.equal(error.failure, 'invalid')
    assert.deepEqual(await keys(id), [])
  })

  it('are refused when a call would mix directions, CIDs, ends or kinds', async () => {
    const target = open()
    const { id } = await create(target)
    const [a, b] = [role('event_viewer'), role('help_desk')]
    const elsewhere = role('help_desk', 'f'.repeat(32))
    for (const change of [
      { assign: [a], revoke: [b] },
      { assign: [a, elsewhere], revoke: [] },
      { assign: [a, { ...b, until: '2030-01-01T00:00:00Z' }], revoke: [] },
      { assign: [{ kind: 'group', id: 'team' } as const], revoke: [] },
    ]) {
      assert.equal((await rejection(target.changeEntitlements(id, change))).failure, 'unsupported')
    }
    assert.equal(state.grants.length, 0)
  })

  it('end when a grant with an end is over, and tell that end', async () => {
    const target = open()
    const { id } = await create(target)
    const until = new Date(Date.now() + 3_600_000).toISOString()
    await target.changeEntitlements(id, { assign: [{ ...role('help_desk'), until }], revoke: [] })
    assert.deepEqual((await target.get(id))?.entitlements, [{ ...role('help_desk'), until }])
    advance(3_700_000)
    assert.deepEqual(await keys(id), [])
  })

  it('that come through a user group or a CID group are inherited', async () => {
    const target = open()
    const { id } = await create(target)
    state.grant(id, 'falcon_admin', { userGroup: 'soc' })
    state.grant(id, 'event_viewer', { cidGroup: 'emea' })
    state.grant(id, 'help_desk')
    const held = (await target.get(id))?.entitlements ?? []
    assert.deepEqual(
      held
        .filter(({ inherited }) => inherited)
        .map((each) => each.id)
        .sort(),
      ['event_viewer', 'falcon_admin'],
    )
    assert.equal((await target.get(id))?.privileged, true, 'an inherited administrator is one too')
  })

  it('that are held directly and through a group are shown as direct: that one can be revoked', async () => {
    const target = open()
    const { id } = await create(target)
    state.grant(id, 'help_desk', { userGroup: 'soc' })
    state.grant(id, 'help_desk')
    assert.deepEqual((await target.get(id))?.entitlements, [role('help_desk')])
    await target.changeEntitlements(id, { assign: [], revoke: [role('help_desk')] })
    assert.deepEqual((await target.get(id))?.entitlements, [{ ...role('help_desk'), inherited: true }])
  })

  it('never end with a temporary grant beside a lasting one', () => {
    const grants = [{ role_id: 'a', expires_at: '2030-01-01T00:00:00Z' }, { role_id: 'a' }]
    for (const given of [grants, [...grants].reverse()]) {
      assert.deepEqual(toHeld(given, 'c'), [{ kind: 'role', id: 'a', scope: { level: 'cid', id: 'c' } }])
    }
  })

  it('end with the last of several temporary grants', () => {
    const [soon, late] = ['2030-01-01T00:00:00Z', '2030-06-01T00:00:00Z']
    const grants = [soon, late].map((expires_at) => ({ role_id: 'a', expires_at }))
    for (const given of [grants, grants.toReversed()]) assert.equal(toHeld(given, 'c')[0]?.until, late)
  })

  it('of other CIDs are not shown for this one', async () => {
    const target = open()
    const { id } = await create(target)
    state.grant(id, 'help_desk', { cid: 'f'.repeat(32) })
    assert.deepEqual(await keys(id), [])
  })

  it('cross pages', async () => {
    state.toggles.pageCap = 2
    const target = open()
    const { id } = await create(target)
    const assign = (await target.catalogue()).slice(0, 5)
    await target.changeEntitlements(id, { assign, revoke: [] })
    assert.equal((await target.get(id))?.entitlements.length, 5)
  })
})

describe('role reads that lag', async () => {
  const { state, open, advance } = await falconBench('current', { toggles: { roleLagMs: 90_000 } })

  it('are declared, 90 s unless a test says otherwise', () => {
    assert.equal(open().capabilities.readLagMs, 90_000)
    assert.equal(open({ settings: { readLagMs: 10 } }).capabilities.readLagMs, 10)
  })

  it('show a grant and a revoke only later; the writes resolve at once', async () => {
    const target = open()
    const { id } = await create(target)
    await target.changeEntitlements(id, { assign: [role('help_desk')], revoke: [] })
    assert.deepEqual((await target.get(id))?.entitlements, [])
    advance(91_000)
    assert.equal((await target.get(id))?.entitlements.length, 1)
    await target.changeEntitlements(id, { assign: [], revoke: [role('help_desk')] })
    assert.equal((await target.get(id))?.entitlements.length, 1)
    advance(91_000)
    assert.deepEqual((await target.get(id))?.entitlements, [])
  })

  it('may miss a role that was granted long before', async () => {
    state.toggles.missingOlderRoles = true
    const target = open()
    const { id } = await create(target)
    await target.changeEntitlements(id, { assign: [role('event_viewer')], revoke: [] })
    advance(200_000)
    await target.changeEntitlements(id, { assign: [role('help_desk')], revoke: [] })
    assert.deepEqual((await target.get(id))?.entitlements, [])
    advance(91_000)
    assert.equal((await target.get(id))?.entitlements.length, 2)
  })

  it('do not make a revoke fail whose first answer was lost', async () => {
    state.toggles.revokeUnassigned = 'error'
    const target = open()
    const { id } = await create(target)
    await target.changeEntitlements(id, { assign: [role('help_desk')], revoke: [] })
    advance(91_000)
    const revoke = [role('help_desk')]
    await target.changeEntitlements(id, { assign: [], revoke })
    await target.changeEntitlements(id, { assign: [], revoke })
    assert.equal(state.held(id).length, 0)
  })
})

describe('a role call that is refused', async () => {
  const { simulator, state, open, writes } = await falconBench('current')

  it('reads again and tries what is left once', async () => {
    state.toggles.revokeUnassigned = 'error'
    const target = open()
    const { id } = await create(target)
    await target.changeEntitlements(id, { assign: [role('help_desk'), role('event_viewer')], revoke: [] })
    const before = writes()
    const revoke = [role('help_desk'), role('dashboard_admin'), role('event_viewer')]
    await target.changeEntitlements(id, { assign: [], revoke })
    assert.equal(writes(), before + 2)
    assert.equal(state.held(id).length, 0)
  })

  it('is settled when somebody else has revoked everything', async () => {
    state.toggles.revokeUnassigned = 'error'
    const target = open()
    const { id } = await create(target)
    const receipt = await target.changeEntitlements(id, {
      assign: [],
      revoke: [role('help_desk'), role('event_viewer')],
    })
    assert.ok(receipt.requestId)
  })

  it('is settled when Falcon says that the user already has the role, seen or not', async () => {
    const target = open()
    const { id } = await create(target)
    const body = { errors: [{ code: 400, message: 'user already has role help_desk' }], resources: [] }
    simulator.failNext({ method: 'POST', path: actionsPath, status: 400, body })
    await target.changeEntitlements(id, { assign: [role('help_desk')], revoke: [] })
    simulator.failNext({ method: 'POST', path: actionsPath, status: 400, body })
    const assign = [role('help_desk'), role('event_viewer')]
    assert.equal(
      (await rejection(target.changeEntitlements(id, { assign, revoke: [] }))).failure,
      'unexpected',
    )
  })

  it('fails as not-found when the account is gone', async () => {
    const target = open()
    await target.test()
    for (const change of [
      { assign: [role('help_desk')], revoke: [] },
      { assign: [], revoke: [role('help_desk')] },
    ]) {
      assert.equal((await rejection(target.changeEntitlements('nobody', change))).failure, 'not-found')
    }
  })

  it('is never repeated when its answer is lost', async () => {
    const target = open()
    const { id } = await create(target)
    simulator.loseAnswer({ method: 'POST', path: actionsPath })
    const error = await rejection(target.changeEntitlements(id, { assign: [role('help_desk')], revoke: [] }))
    assert.deepEqual([error.failure, error.certainlyNotDone], ['unavailable', false])
    assert.equal(simulator.trace.filter(({ path }) => path === actionsPath).length, 1)
    assert.equal(state.held(id).length, 1)
  })
})
