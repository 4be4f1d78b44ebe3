import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { homeCid } from '../../../src/simulators/crowdstrike/state.ts'
import { create, falconBench, rejection, role } from './harness.ts'

describe('profile legacy', async () => {
  const { simulator, state, open, calls } = await falconBench('legacy')
  const last = () => simulator.trace.at(-1)

  it('sends the fields and parameters of the deprecated routes', async () => {
    const target = open()
    const { id } = await create(target)
    assert.deepEqual(last()?.body, { uid: 'jane@corp.example', firstName: 'Jane', lastName: 'Doe' })
    await target.update(id, { familyName: 'Roe' })
    assert.deepEqual(
      [last()?.method, last()?.query, last()?.body],
      ['PATCH', { user_uuid: id }, { lastName: 'Roe' }],
    )
    await target.changeEntitlements(id, { assign: [role('event_viewer'), role('help_desk')], revoke: [] })
    assert.deepEqual(
      [last()?.query, last()?.body],
      [{ user_uuid: id }, { roleIds: ['event_viewer', 'help_desk'] }],
    )
    await target.changeEntitlements(id, { assign: [], revoke: [role('event_viewer'), role('help_desk')] })
    assert.deepEqual(last()?.query, { user_uuid: id, ids: ['event_viewer', 'help_desk'] })
    assert.deepEqual((await target.get(id))?.entitlements, [])
  })

  it('finds by one look-up, and takes its 404 for nobody', async () => {
    const target = open()
    const { id } = await create(target)
    const before = calls().length
    assert.equal((await target.find('email', 'JANE@corp.example'))[0]?.id, id)
    assert.deepEqual(calls().slice(before), [
      'GET /users/queries/user-uuids-by-email/v1',
      'GET /users/entities/users/v1',
      'GET /user-roles/queries/user-role-ids-by-user-uuid/v1',
    ])
    assert.deepEqual(await target.find('email', 'nobody@corp.example'), [])
  })

  it('does not take the 404 of a wrong address for nobody', async () => {
    const target = open()
    const { id } = await create(target)
    state.toggles.routes = 'current'
    assert.equal((await rejection(target.find('email', 'jane@corp.example'))).failure, 'unexpected')
    assert.equal((await rejection(target.get(id))).failure, 'unexpected')
  })

  it('grants roles in its own CID only', async () => {
    const target = open({ settings: { memberCids: ['c'.repeat(32)] } })
    const { id } = await create(target)
    assert.deepEqual([...new Set((await target.catalogue()).map(({ scope }) => scope?.id))], [homeCid])
    const elsewhere = { assign: [role('help_desk', 'c'.repeat(32))], revoke: [] }
    assert.equal((await rejection(target.changeEntitlements(id, elsewhere))).failure, 'unsupported')
  })
})
