import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { VendorError } from '../../../src/model/errors.ts'
import { heldKeys } from '../../contract/vendor-contract.ts'
import { draft, role, team, teamAdmin, useSentry } from './support.ts'

describe('Sentry target (current)', () => {
  const { target, state, simulator, writes, open } = useSentry('current')
  const idOf = async (login: string) =>
    (await target().find('email', login))[0]?.id ?? assert.fail(`no ${login}`)

  it('invites with role and teams in one call, and mails by default', async () => {
    const { outcome, account } = await target().create(
      draft('ada@x.example', role('manager'), team('backend')),
    )
    assert.equal(outcome, 'invited')
    assert.deepEqual(writes(), [
      'POST /members/ {"email":"ada@x.example","orgRole":"manager","teamRoles":[{"teamSlug":"backend","role":"contributor"}],"sendInvite":true}',
    ])
    assert.deepEqual(account?.entitlements, [role('manager'), team('backend')])
    assert.equal(account?.privileged, true)
    assert.deepEqual(state().mails, [{ to: 'ada@x.example', kind: 'invitation' }])
  })

  it('mails nobody when told so', async () => {
    await open({ settings: { sendInvite: false } }).create(draft('ada@x.example'))
    assert.deepEqual(state().mails, [])
  })

  it('gives back the invitation with its teams, and reads nothing for it', async () => {
    const { outcome, account } = await target().create(draft('ada@x.example', team('backend')))
    assert.equal(outcome, 'invited')
    assert.deepEqual(account?.entitlements, [role('member'), team('backend')])
    assert.equal(simulator().trace.length, 1)
  })

  it('[M-08] holds a team role only after it is set, for an invitation does not bring it', async () => {
    const { account } = await target().create(draft('ada@x.example', teamAdmin('backend')))
    const id = account?.id ?? ''
    assert.deepEqual(account?.entitlements, [role('member'), team('backend')])
    state().accept(id)
    await target().changeEntitlements(id, { assign: [teamAdmin('backend')], revoke: [] })
    assert.deepEqual(await heldKeys(target(), id), [
      'group:backend',
      'role:admin@team:backend',
      'role:member',
    ])
  })

  it('[R4-09] keeps teams and team roles when the organization role changes', async () => {
    const { id } = state().addMember({
      email: 'ada@x.example',
      teams: new Map([
        ['backend', 'admin'],
        ['frontend', null],
      ]),
    })
    await target().changeEntitlements(id, { assign: [role('manager')], revoke: [] })
    assert.deepEqual(writes(), [
      `PUT /members/${id}/ {"orgRole":"manager","teamRoles":[{"teamSlug":"backend","role":"admin"},{"teamSlug":"frontend","role":null}]}`,
    ])
    assert.deepEqual(await heldKeys(target(), id), [
      'group:backend',
      'group:frontend',
      'role:admin@team:backend',
      'role:manager',
    ])
  })

  it('writes nothing when nothing differs, and accepts joining and leaving twice', async () => {
    const { id } = state().addMember({ email: 'ada@x.example', teams: new Map([['backend', null]]) })
    await target().changeEntitlements(id, { assign: [role('member')], revoke: [role('owner')] })
    await target().changeEntitlements(id, { assign: [], revoke: [] })
    assert.deepEqual(writes(), [])
    await target().changeEntitlements(id, { assign: [team('backend')], revoke: [] })
    await target().changeEntitlements(id, { assign: [], revoke: [team('frontend')] })
    assert.deepEqual(await heldKeys(target(), id), ['group:backend', 'role:member'])
  })

  it('refuses to change a role when the reply does not tell the teams: they would be lost', async () => {
    const { id } = state().addMember({ email: 'ada@x.example' })
    simulator().failNext({
      method: 'GET',
      path: /members\/\d+/,
      status: 200,
      body: { id, email: 'ada@x.example', orgRole: 'member' },
    })
    await assert.rejects(target().changeEntitlements(id, { assign: [role('manager')], revoke: [] }), {
      failure: 'unexpected',
    })
    assert.deepEqual(writes(), [])
  })

  it('takes an access request for a missing scope, not for membership', async () => {
    state().toggles.openMembership = false
    const helper = state().addMember({ email: 'helper@x.example' })
    const token = state().addToken({
      kind: 'user',
      memberId: helper.id,
      scopes: ['org:read', 'member:read', 'team:read'],
    })
    const { id } = state().addMember({ email: 'ada@x.example' })
    const weak = open({ credentials: { token } })
    await assert.rejects(weak.changeEntitlements(id, { assign: [team('backend')], revoke: [] }), {
      failure: 'missing-scope',
      certainlyNotDone: true,
    })
    assert.deepEqual(await heldKeys(target(), id), ['role:member'])
  })

  it('finds an invitation in the spelling that it was made with, and a member by a second address', async () => {
    const invitation = state().addMember({ email: 'Grace@X.example', pending: true })
    const member = state().addMember({ email: 'ada@x.example', emails: ['ada.l@x.example'] })
    assert.equal(await idOf('grace@x.example'), invitation.id)
    assert.equal(await idOf('ADA.L@x.example'), member.id)
    assert.deepEqual(await target().find('email', 'l@x.example'), [])
    assert.deepEqual(await target().find('email', ''), [])
    assert.deepEqual(await target().find('displayName', 'ada@x.example'), [])
    assert.deepEqual(await target().find('email', 'role:owner'), [], 'a value is no query')
    assert.deepEqual(await target().find('email', 'a "b" c'), [])
  })

  it('says that somebody exists whom it cannot show', async () => {
    state().addMember({ email: 'ada@x.example' })
    simulator().failNext({ method: 'GET', path: /\/members\/$/, status: 200, body: [], times: 2 })
    assert.deepEqual(await target().create(draft('ada@x.example')), { outcome: 'exists', account: undefined })
  })

  it('tells facts: invitations, two-factor, last login, last owner, who manages', async () => {
    const pending = state().addMember({ email: 'p@x.example', pending: true })
    state().expire(pending.id)
    const scim = state().addMember({ email: 's@x.example', flags: { 'idp:provisioned': true }, has2fa: true })
    const partner = state().addMember({
      email: 'q@x.example',
      flags: { 'partnership:restricted': true, 'sso:linked': true },
    })
    assert.deepEqual((await target().get(pending.id))?.facts, { source: 'local', invitation: 'expired' })
    const facts = (await target().get(scim.id))?.facts
    assert.deepEqual(
      [facts?.source, facts?.twoFactor, facts?.lastLoginAt],
      ['scim', true, '2026-03-01T08:00:00Z'],
    )
    assert.match(facts?.managedBy ?? '', /native SCIM/)
    assert.match((await target().get(partner.id))?.facts.managedBy ?? '', /partnership/)

    const founder = await idOf('founder@acme.example')
    assert.equal((await target().get(founder))?.facts.lastOwner, undefined)
    const self = (await target().self()) ?? ''
    state().members.get(self)!.orgRole = 'manager'
    assert.equal((await target().get(founder))?.facts.lastOwner, true)
  })

  it('[R4-34] gives a new member id to whoever is invited again', async () => {
    const first = (await target().create(draft('ada@x.example'))).account?.id ?? ''
    await target().remove?.(first)
    const second = (await target().create(draft('ada@x.example'))).account?.id
    assert.ok(second && second !== first)
    assert.equal(await target().get(first), undefined)
  })

  for (const [what, prepare, act, failure] of [
    ['its own role', () => state().tokens.values().next().value?.memberId ?? '', role('member'), 'forbidden'],
    ['a retired role', () => state().addMember({ email: 'a@x.example' }).id, role('admin'), 'invalid'],
    ['an unknown role', () => state().addMember({ email: 'a@x.example' }).id, role('boss'), 'invalid'],
    [
      'a partner',
      () => state().addMember({ email: 'a@x.example', flags: { 'partnership:restricted': true } }).id,
      role('owner'),
      'forbidden',
    ],
    ['nobody', () => '99999', role('owner'), 'not-found'],
    ['an unknown team', () => state().addMember({ email: 'a@x.example' }).id, team('nowhere'), 'invalid'],
  ] as const) {
    it(`is refused as ${failure} for ${what}`, async () => {
      const id = prepare()
      await assert.rejects(target().changeEntitlements(id, { assign: [act], revoke: [] }), {
        name: 'VendorError',
        failure,
      })
    })
  }

  it('cannot remove whom native SCIM manages, nor the last owner or manager', async () => {
    const { id } = state().addMember({ email: 's@x.example', flags: { 'idp:provisioned': true } })
    await assert.rejects(async () => target().remove?.(id), { failure: 'forbidden', status: 403 })
    state().members.delete(await idOf('founder@acme.example'))
    const self = (await target().self()) ?? ''
    await assert.rejects(async () => target().remove?.(self), { failure: 'forbidden', status: 403 })
  })

  it('pauses invitations only, and long, after a flood of them', async () => {
    state().toggles.invitesPerEmail = 0
    const error = await target()
      .create(draft('ada@x.example'))
      .catch((reason: unknown) => reason)
    assert.ok(error instanceof VendorError)
    assert.deepEqual(
      [error.failure, error.pathClass, error.retryAfterMs],
      ['rate-limited', 'invitations', 900_000],
    )
  })
})

describe('Sentry target under the rate limit of the members index', () => {
  const { open, state, simulator } = useSentry('current', { limits: true })

  const findAtOnce = (count: number, settings: Readonly<Record<string, unknown>>) => {
    state().seedMembers(10)
    const target = open({ settings })
    return Promise.allSettled(
      Array.from({ length: count }, () => target.find('email', 'seeded1@acme.example')),
    )
  }

  it('keeps within the published rate by itself', async () => {
    const many = await findAtOnce(60, {})
    assert.deepEqual([...new Set(many.map(({ status }) => status))], ['fulfilled'])
    assert.equal(simulator().trace.filter(({ status }) => status === 429).length, 0)
  })

  it('[R4-24] reads the bare string of a 429 and the reset of its header', async () => {
    const many = await findAtOnce(90, { ratePercent: 1000 })
    const errors = many.flatMap((each) => (each.status === 'rejected' ? [each.reason as VendorError] : []))
    assert.ok(errors.length > 0)
    for (const { failure, pathClass, retryAfterMs, detail } of errors) {
      assert.deepEqual([failure, pathClass], ['rate-limited', 'members'])
      assert.ok(retryAfterMs !== undefined && retryAfterMs >= 1000 && retryAfterMs <= 2000)
      assert.match(detail, /too frequently/)
    }
  })
})
