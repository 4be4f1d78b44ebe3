import { ignoring, VendorError } from '../../model/errors.ts'
import type { Account, AccountDraft, ApiProfile, Creation, EntitlementChange, TargetOf } from '../contract.ts'
import { toAccount, toSummary } from './account.ts'
import { capabilities, type SentryCapabilities } from './capabilities.ts'
import type { Client } from './client.ts'
import { findByEmail } from './find.ts'
import { changed, membershipOf } from './membership.ts'
import { teamGroups } from './teams/groups.ts'
import { tryOut } from './token/try-out.ts'
import { isFloor, roleEntitlements, teamEntitlements } from './roles.ts'
import { integrationCapabilities, kindOf } from './token/kind.ts'

export interface TargetOptions {
  readonly profile: ApiProfile
  readonly token: string
}

export function createTarget(
  client: Client,
  { profile, token }: TargetOptions,
): TargetOf<SentryCapabilities> {
  const isGuide = profile === 'guide'
  let kind = kindOf(token)

  async function self(operation: string) {
    const member = await client.self(operation).catch(ignoring('not-found'))
    // The guide has no such path, so its absence there tells nothing.
    if (!member && !isGuide) kind ??= 'integration'
    return member
  }

  return {
    /** Known at the latest when `self`, `test` or `catalogue` has asked. */
    get capabilities() {
      return kind === 'integration' ? integrationCapabilities(profile) : capabilities(profile)
    },

    async probe() {
      const member = await client.someMember('probe')
      return isGuide || member === undefined || 'orgRole' in member
    },

    async test() {
      await tryOut(client, !isGuide)
      await self('test')
    },

    tenant: () => client.organizationId('tenant'),

    // Tokens of an integration belong to no member.
    self: async () => (await self('self'))?.id,

    get: (id) => read(client, 'get', id),

    async find(attribute, value) {
      return attribute === 'email' ? accountsOf(client, value) : []
    },

    async *list() {
      for await (const member of client.members('list')) yield toSummary(member)
    },

    create: (draft) => create(client, draft),

    async update() {
      const details = { vendor: 'sentry', operation: 'update', certainlyNotDone: true }
      throw new VendorError(
        'unsupported',
        'members keep their own profile; nothing of it can be written',
        details,
      )
    },

    async remove(id) {
      await client.remove(id).catch(ignoring('not-found'))
      return {}
    },

    async catalogue() {
      const own = await self('catalogue')
      const teams = []
      for await (const team of client.teams('catalogue')) teams.push(...teamEntitlements(team))
      const roles = roleEntitlements(own?.orgRoleList)
      return [...(kind === 'integration' ? roles.filter(isFloor) : roles), ...teams]
    },

    async changeEntitlements(id, change) {
      await changeEntitlements(client, id, change, !isGuide)
      return {}
    },

    // The guide knows no way.
    ...(!isGuide && teamGroups(client)),
    ...(!isGuide && { renewInvitation: async (id: string) => client.renewInvitation(id).then(() => ({})) }),
  }
}

async function read(client: Client, operation: string, id: string): Promise<Account | undefined> {
  const member = await client.member(operation, id).catch(ignoring('not-found'))
  return member && toAccount(member)
}

/** Listings have no teams, so each match is read by itself. */
async function accountsOf(client: Client, email: string): Promise<readonly Account[]> {
  const accounts = []
  for (const id of await findByEmail(client, email)) {
    const account = await read(client, 'find', id)
    if (account) accounts.push(account)
  }
  return accounts
}

/** The invitation is tried, not asked about first: the vendor's refusal of a duplicate is the one sure answer. */
async function create(client: Client, draft: AccountDraft): Promise<Creation> {
  const { entitlements } = draft
  // The vendor compares invitations letter by letter: one spelling, or two invitations for one person.
  const login = draft.login.toLowerCase()
  const membership = membershipOf(entitlements)
  const member = await client.invite(login, membership).catch(ignoring('conflict'))
  if (!member) {
    const [account, another] = await accountsOf(client, login)
    return { outcome: 'exists', account: another ? undefined : account }
  }
  // The answer tells no teams. An invitation is all or nothing: unknown teams are refused, and team roles are not taken.
  const teamRoles = membership.teamRoles.map(({ teamSlug }) => ({ teamSlug, role: null }))
  return { outcome: 'invited', account: toAccount({ teamRoles, ...member }) }
}

/** One team, or one team role, goes by its own route. Anything else rewrites the membership, read just before. */
async function changeEntitlements(
  client: Client,
  id: string,
  change: EntitlementChange,
  setsTeamRoles: boolean,
): Promise<void> {
  const { assign, revoke } = change
  const [only, another] = [...assign, ...revoke]
  if (!only) return
  if (!another && only.kind === 'group') {
    const move = assign.length > 0 ? client.joinTeam(id, only.id) : client.leaveTeam(id, only.id)
    const isMoved = move.then(() => true)
    // The member or the team is not there: the longer way tells which, and leaves a team that is gone without a call.
    if (await isMoved.catch(ignoring('not-found'))) return
  }
  if (!another && only.scope?.level === 'team' && setsTeamRoles) {
    const role = assign.length > 0 ? 'admin' : 'contributor'
    const isSet = client.setTeamRole(id, only.scope.id, role).then(() => true)
    // Whoever is not in the team yet joins it by the longer way.
    if (await isSet.catch(ignoring('not-found'))) return
  }
  const membership = changed(await client.member('changeEntitlements', id), change)
  if (membership) await client.replaceMembership(id, membership)
}
