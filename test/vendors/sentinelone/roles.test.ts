import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { entitlementsFor } from '../../../src/translators/rules/rules.ts'
import { capabilities } from '../../../src/vendors/sentinelone/capabilities.ts'
import { rejection, sentineloneBench } from './harness.ts'
import type { Rule } from '../../../src/model/policy.ts'

const groups = ['SOC', 'EMEA', 'APAC'].map((displayName) => ({ id: displayName, displayName }))

describe('roles in scopes', async () => {
  const bench = await sentineloneBench('current')
  const { state, open, role, site, account, create, sent, rolesOf } = bench

  async function granted(rules: readonly Rule[], settings: Readonly<Record<string, unknown>> = {}) {
    const catalogue = await open({ settings }).catalogue()
    return entitlementsFor({
      subject: { groups },
      policy: { rules, default: {} },
      catalogue,
      can: capabilities('current'),
    })
  }

  const analyst = async (target: ReturnType<typeof open>, login: string) =>
    (await target.create({ login, profile: {}, entitlements: [role('SOC')] })).account!

  it('[R0-14] several scopes with different roles are one write, and changing one keeps the other', async () => {
    const target = open()
    const { id } = await create(target, role('SOC', site('EMEA')), role('IT', site('APAC')))
    assert.equal(sent('POST')['scope'], 'site')
    await target.changeEntitlements(id, { assign: [role('Viewer', site('APAC'))], revoke: [] })
    assert.deepEqual(rolesOf().toSorted(), [`SOC@${site('EMEA').id}`, `Viewer@${site('APAC').id}`].toSorted())
    assert.equal(bench.writes().length, 2)
    await target.changeEntitlements(id, { assign: [], revoke: [role('SOC', site('EMEA'))] })
    assert.deepEqual(rolesOf(), [`Viewer@${site('APAC').id}`])
  })

  it('scope and the whole set of roles are in every PUT', async () => {
    const target = open()
    const { id } = await create(target, role('SOC', site('EMEA')))
    await target.update(id, { displayName: 'Ada L' })
    await target.changeEntitlements(id, { assign: [role('IT', site('APAC'))], revoke: [] })
    await target.changeEntitlements(id, { assign: [], revoke: [role('IT', site('APAC'))] })
    const puts = bench.writes().filter(({ method }) => method === 'PUT')
    assert.equal(puts.length, 3)
    for (const { body } of puts) {
      const { data } = body as { data: { scope: string; scopeRoles: unknown[] } }
      assert.ok(data.scope === 'site' && data.scopeRoles.length > 0)
    }
  })

  it('writes nothing when nothing differs', async () => {
    const target = open()
    const { id } = await create(target, role('SOC'))
    await target.changeEntitlements(id, { assign: [role('SOC')], revoke: [role('IT')] })
    assert.equal(bench.writes().length, 1)
  })

  it('roles of two levels are refused before any write, and named', async () => {
    const target = open()
    const { id } = await create(target, role('SOC', site('EMEA')))
    const error = await rejection(target.changeEntitlements(id, { assign: [role('IT')], revoke: [] }))
    assert.equal(error.failure, 'invalid')
    assert.match(error.detail, /site and account/)
    assert.equal((await rejection(create(open(), role('SOC'), role('IT', site('APAC'))))).failure, 'invalid')
    assert.equal(bench.writes().length, 1)
  })

  it('[R0-41] [R1-02] a rule names a site as people write it, and only sites that the token reaches are offered', async () => {
    const { entitlements } = await granted([{ group: 'EMEA', role: 'soc', scope: { site: 'emea' } }])
    assert.deepEqual(
      entitlements.map(({ ref }) => ref),
      [role('SOC', site('EMEA'))],
    )
    const unknown = await granted([{ group: 'EMEA', role: 'SOC', scope: { site: 'Springfield' } }])
    assert.deepEqual(unknown.entitlements, [])
    assert.match(unknown.deviations[0]?.detail ?? '', /no role "SOC" in site Springfield/)
    const byId = await granted([{ group: 'EMEA', role: 'SOC', scope: { site: site('EMEA').id } }])
    assert.equal(byId.entitlements.length, 1)
    const inAccount = await granted([{ group: 'EMEA', role: 'SOC', scope: { account: 'ACME' } }])
    assert.deepEqual(inAccount.entitlements[0]?.ref, role('SOC'))
  })

  it('[R0-13] the level group cannot be given: a deviation says so', async () => {
    const { entitlements, deviations } = await granted([
      { group: 'SOC', role: 'SOC', scope: { group: 'Servers' } },
    ])
    assert.deepEqual(entitlements, [])
    assert.match(deviations[0]?.detail ?? '', /in group Servers/)
  })

  it('[R0-08] rules without a scope mean the account, or every site of the setting', async () => {
    const rules = [{ group: 'SOC', role: 'SOC' }]
    const refs = async (settings = {}) => (await granted(rules, settings)).entitlements.map(({ ref }) => ref)
    assert.deepEqual(await refs(), [role('SOC')])
    assert.deepEqual(await refs({ sites: ['EMEA', site('APAC').id] }), [
      role('SOC', site('EMEA')),
      role('SOC', site('APAC')),
    ])
  })

  it('rules of different levels cancel each other, and any rule beats the default', async () => {
    const conflicting = [
      { group: 'SOC', role: 'SOC' },
      { group: 'EMEA', role: 'IT', scope: { site: 'EMEA' } },
    ]
    const { entitlements, frozen, deviations } = await granted(conflicting)
    assert.deepEqual(entitlements, [])
    assert.deepEqual(frozen, ['role:soc', 'role:it@site:emea'])
    assert.deepEqual(
      deviations.map(({ code }) => code),
      ['entitlement-scope-conflict', 'entitlement-scope-conflict'],
    )
    const catalogue = await open().catalogue()
    const policy = { rules: conflicting.slice(1), default: { role: 'Viewer' } }
    const beaten = entitlementsFor({
      subject: { groups },
      policy,
      catalogue,
      can: capabilities('current'),
    })
    assert.deepEqual(
      beaten.entitlements.map(({ ref }) => ref),
      [role('IT', site('EMEA'))],
    )
    assert.deepEqual([beaten.frozen, beaten.deviations], [[], []])
  })

  it('custom roles are offered where they count, and the quarantine role nowhere', async () => {
    const catalogue = await open().catalogue()
    const scopesOf = (name: string) =>
      catalogue.filter((each) => each.name === name).map(({ scope }) => scope)
    assert.deepEqual(scopesOf('EMEA Analyst'), [site('EMEA')])
    assert.deepEqual(scopesOf('No Access'), [])
    assert.deepEqual(scopesOf('SOC'), [account(), site('EMEA'), site('APAC')])
    assert.deepEqual(
      catalogue.filter(({ privileged }) => privileged).map(({ name }) => name),
      ['Admin', 'Admin', 'Admin'],
    )
  })

  it('the quarantine role counts as none, by name or by id, and a role given later takes its place', async () => {
    for (const quarantineRole of ['no access', state.roleId('No Access')]) {
      const target = open({ settings: { quarantineRole } })
      const { id } = await create(target)
      assert.deepEqual((await target.get(id))?.entitlements, [])
      await target.changeEntitlements(id, { assign: [role('SOC')], revoke: [] })
      assert.deepEqual(rolesOf(), [`SOC@${account().id}`])
      await target.remove?.(id)
    }
    const lost = open({ settings: { quarantineRole: 'Nowhere' } })
    assert.match((await rejection(create(lost))).detail, /no role "Nowhere"/)
  })

  it('the quarantine role is looked up once, and again when it was made anew under another id', async () => {
    const target = open({ settings: { quarantineRole: 'No Access' } })
    const strip = async (email: string) => {
      const made = await analyst(target, email)
      const known = await target.get(made.id)
      const from = bench.calls().length
      await target.changeEntitlements(made.id, { assign: [], revoke: [role('SOC')] }, known)
      assert.deepEqual(bench.rolesOf(email), [`No Access@${account().id}`])
      return bench
        .calls()
        .slice(from)
        .map((call) => call.split('/')[0]!.trim() + call.replace(/.*(rbac|users).*/, ' $1'))
    }
    assert.deepEqual(await strip('ada@corp.example'), ['GET rbac', 'PUT users'])
    assert.deepEqual(await strip('bob@corp.example'), ['PUT users'])
    const at = state.roles.findIndex(({ name }) => name === 'No Access')
    state.roles.splice(at, 1, { ...state.roles[at]!, id: '999000111222333444' })
    assert.deepEqual(await strip('eve@corp.example'), ['PUT users', 'GET rbac', 'PUT users'])
  })

  it('the quarantine role that was made anew is found by all who are stripped at that moment', async () => {
    const target = open({ settings: { quarantineRole: 'No Access' } })
    const strip = async (email: string) => {
      const made = await analyst(target, email)
      return () => target.changeEntitlements(made.id, { assign: [], revoke: [role('SOC')] })
    }
    const emails = ['bob@corp.example', 'eve@corp.example', 'joe@corp.example']
    const [first, ...rest] = await Promise.all(['ada@corp.example', ...emails].map(strip))
    await first?.()
    const at = state.roles.findIndex(({ name }) => name === 'No Access')
    state.roles.splice(at, 1, { ...state.roles[at]!, id: '999000111222333555' })
    await Promise.all(rest.map((each) => each()))
    for (const email of emails) assert.deepEqual(bench.rolesOf(email), [`No Access@${account().id}`])
  })

  it('a role of a level without a word of its own is shown as inherited and never overwritten', async () => {
    const target = open()
    const { id } = await create(target, role('SOC'))
    const held = { id: '1', roleId: '7', roleName: 'SOC' }
    const body = { data: { id, email: 'ada@corp.example', scope: 'group', scopeRoles: [held] } }
    bench.simulator.failNext({ method: 'GET', path: /\/users\/\d+$/, status: 200, body, times: 2 })
    assert.deepEqual((await target.get(id))?.entitlements, [{ kind: 'role', id: '7', inherited: true }])
    assert.equal((await rejection(target.update(id, { displayName: 'Ada L' }))).failure, 'unsupported')
    assert.equal(bench.writes().length, 1)
  })

  it('tenant roles are written without an id, by tokens of the tenant', async () => {
    const owner = state.userCalled('drawbridge@acme.example')
    Object.assign(owner, { scope: 'tenant', scopeRoles: [{ id: '', roleId: state.roleId('Admin') }] })
    const tenant = { level: 'tenant', id: 'global' } as const
    const target = open()
    assert.ok((await target.catalogue()).some(({ scope }) => scope?.level === 'tenant'))
    const { id } = await create(target, role('SOC', tenant))
    assert.deepEqual(sent('POST')['scopeRoles'], [{ roleId: state.roleId('SOC') }])
    assert.deepEqual((await target.get(id))?.entitlements, [role('SOC', tenant)])
  })
})
