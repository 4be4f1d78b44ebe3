import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { VendorError } from '../../../src/model/errors.ts'
import { draft, role, team, useSentry } from './support.ts'

async function rejection(promise: Promise<unknown> | undefined): Promise<VendorError> {
  const error = await Promise.resolve(promise).then(
    () => assert.fail('expected a rejection'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof VendorError, String(error))
  return error
}

describe('what the guide of Sentry warns of', () => {
  const { target, state, simulator, writes, open } = useSentry('guide')

  it('[R4-15] "pending invites are included in the list": 250 members, cursor after cursor, the pending told', async () => {
    state().seedMembers(250)
    state().addMember({ email: 'late@example.com', pending: true })
    const seen = new Map<string, string>()
    for await (const { login, state } of target().list()) seen.set(login, state)
    assert.equal(seen.get('late@example.com'), 'invited')
    assert.equal([...seen.values()].filter((each) => each === 'active').length, 252)
    const pages = simulator().trace.filter(({ path }) => path.endsWith('/members/'))
    assert.ok(pages.length >= 3)
    assert.ok(pages.slice(1).every(({ query }) => query['cursor'] !== undefined))
  })

  it('[R4-05] "use the member ID, not the global user ID": every path holds the member’s', async () => {
    const { id, userId } = state().addMember({ email: 'alice@example.com' })
    assert.notEqual(id, userId)
    const [found] = await target().find('email', 'alice@example.com')
    assert.equal(found?.id, id)
    await target().changeEntitlements(id, { assign: [role('manager')], revoke: [] })
    assert.equal(await target().get(userId!), undefined)
    assert.ok(writes().every((call) => call.includes(`/members/${id}/`)))
  })

  it('[R4-17] "sends an invitation email; the member is pending until they accept": invited, then active', async () => {
    const { outcome, account } = await target().create(draft('bob@example.com'))
    assert.deepEqual([outcome, account?.state], ['invited', 'invited'])
    state().members.get(account!.id)!.userId = '999'
    assert.equal((await target().get(account!.id))?.state, 'active')
  })

  it('[R4-17] "each invite sends an email": one mail for each person, also with sendInvite false', async () => {
    const quiet = open({ settings: { sendInvite: false } })
    for (const name of ['bob', 'eve']) await quiet.create(draft(`${name}@example.com`))
    assert.deepEqual(
      state().mails.map(({ to }) => to),
      ['bob@example.com', 'eve@example.com'],
    )
  })

  for (const [status, words] of [
    [403, 'You cannot remove the only remaining owner or manager of the organization.'],
    [400, 'You cannot remove a member who has more access than you.'],
  ] as const) {
    it(`[R4-18] "cannot downgrade the last owner", "cannot delete the sole owner": a ${status} stays this person's own failure`, async () => {
      const owner = state().addMember({ email: 'owner@example.com', orgRole: 'owner' })
      const path = new RegExp(`/members/${owner.id}/$`)
      simulator().failNext({ method: 'DELETE', path, status, body: { detail: words } })
      const error = await rejection(target().remove?.(owner.id))
      assert.equal(error.failure, 'forbidden')
      assert.ok(error.detail.includes(words))
      assert.equal((await target().get(owner.id))?.state, 'active')
    })
  }

  it('[R4-32] "role changes take effect immediately": the next read shows the role', async () => {
    const { id } = state().addMember({ email: 'alice@example.com' })
    await target().changeEntitlements(id, { assign: [role('manager')], revoke: [] })
    assert.ok((await target().get(id))?.entitlements.some((each) => each.id === 'manager'))
  })

  it('[R4-19] "irreversible; the user loses access immediately": gone at once, and a return is another member', async () => {
    const { id } = state().addMember({ email: 'alice@example.com' })
    await target().remove?.(id)
    assert.equal(await target().get(id), undefined)
    const { account } = await target().create(draft('alice@example.com'))
    assert.notEqual(account?.id, id)
  })

  it('[R4-20] "use the team slug, not the ID, in later calls": 120 teams are told by slug, and joined by it', async () => {
    for (let at = 1; at <= 120; at += 1) state().addTeam(`squad-${at}`)
    const { id } = state().addMember({ email: 'alice@example.com' })
    const teams = (await target().catalogue()).filter(({ kind }) => kind === 'group')
    assert.ok(teams.some((each) => each.id === 'squad-120'))
    await target().changeEntitlements(id, { assign: [team('squad-120')], revoke: [] })
    assert.deepEqual(writes(), [`POST /members/${id}/teams/squad-120/`])
  })

  it('[R4-21] "uses the org-scoped member ID and returns the updated member": an answer without the team is no success', async () => {
    const { id } = state().addMember({ email: 'alice@example.com' })
    await target().changeEntitlements(id, { assign: [team('backend')], revoke: [] })
    assert.ok(state().members.get(id)?.teams.has('backend'))
    const body = { id, teams: [] }
    simulator().failNext({ method: 'POST', path: /\/teams\//, status: 200, body })
    const error = await rejection(target().changeEntitlements(id, { assign: [team('frontend')], revoke: [] }))
    assert.equal(error.failure, 'unexpected')
  })

  it('[R4-21] "returns 200, not 204" when somebody leaves a team: either is success', async () => {
    for (const status of [200, 204]) {
      const { id } = state().addMember({ email: `alice${status}@example.com` })
      const answer = status === 200 ? { body: { id, teams: [] } } : {}
      simulator().failNext({ method: 'DELETE', path: /\/teams\//, status, ...answer })
      await target().changeEntitlements(id, { assign: [], revoke: [team('backend')] })
    }
    assert.equal(writes().length, 2)
  })

  it('[R4-29] "users of SSO login have no SCIM user: fall back to DELETE": found by e-mail, removed by REST', async () => {
    state().addMember({ email: 'jit@example.com', flags: { 'sso:linked': true } })
    const [found] = await target().find('email', 'JIT@example.com')
    await target().remove?.(found!.id)
    assert.deepEqual(writes(), [`DELETE /members/${found!.id}/`])
  })

  it('[R4-32] "only owner or manager can promote; other tokens receive a 403": the reason is told', async () => {
    const me = state().addMember({ email: 'member@example.com' })
    const scopes = ['org:read', 'member:read', 'member:write', 'member:admin', 'team:admin']
    const token = state().addToken({ kind: 'user', memberId: me.id, scopes })
    const { id } = state().addMember({ email: 'alice@example.com' })
    const weak = open({ credentials: { token } })
    const error = await rejection(weak.changeEntitlements(id, { assign: [role('admin')], revoke: [] }))
    assert.ok(['forbidden', 'missing-scope'].includes(error.failure))
    assert.equal(error.status, 403)
    assert.match(error.detail, /\w+/)
  })

  it('[R4-26] "ignoring the Link header silently truncates results": a full page without it is refused', async () => {
    state().seedMembers(150)
    const page = [...state().members.values()]
      .slice(0, 100)
      .map(({ id, email }) => ({ id, email, role: 'member' }))
    simulator().failNext({ method: 'GET', path: /\/members\/$/, status: 200, body: page })
    const list = async () => {
      for await (const _ of target().list());
    }
    assert.equal((await rejection(list())).failure, 'unexpected')
  })

  it('[R4-24] "429 with Retry-After and X-Sentry-Rate-Limit": the wait that is told is kept', async () => {
    for (const headers of [
      { 'retry-after': '7' },
      { 'x-sentry-rate-limit-reset': String(Math.ceil(Date.now() / 1000) + 7) },
    ]) {
      simulator().failNext({ method: 'GET', path: /\/members\//, status: 429, headers, body: 'slow down' })
      const error = await rejection(open({}).get('1'))
      assert.equal(error.failure, 'rate-limited')
      assert.ok(error.retryAfterMs! > 5_000 && error.retryAfterMs! <= 9_000, String(error.retryAfterMs))
    }
  })

  it('[R4-33] "the Owner role is excluded from SCIM management": by REST it is given', async () => {
    const { id } = state().addMember({ email: 'alice@example.com' })
    await target().changeEntitlements(id, { assign: [role('owner')], revoke: [] })
    assert.equal(state().members.get(id)?.orgRole, 'owner')
  })
})
