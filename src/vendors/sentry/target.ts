import {
  type Account,
  type AccountDraft,
  type AccountFacts,
  type AccountSummary,
  type ApiProfile,
  type Entitlement,
  type EntitlementChange,
  entitlementKey,
  type EntitlementRef,
  type HeldEntitlement,
} from '../../model/account.ts'
import { ignoring, VendorError } from '../../model/errors.ts'
import type { Creation, TargetOf } from '../contract.ts'
import { capabilities, type SentryCapabilities } from './capabilities.ts'
import type { Client, Membership } from './client.ts'
import { teamGroups } from './teams.ts'
import { integrationCapabilities, kindOf, tryOut } from './token.ts'
import { isPending, type Member, type OrganizationRole, roleOf, teamRolesOf } from './wire.ts'

/** A member as a listing shows it, without teams. */
function toSummary(member: Member): AccountSummary {
  const { id, email, dateCreated } = member
  const name = member.user?.name || member.name
  // Whoever has no name yet is named by the address.
  const displayName = name && name !== email ? { displayName: name } : {}
  return {
    id,
    login: email,
    profile: { email, ...displayName },
    state: isPending(member) ? 'invited' : 'active',
    ...(dateCreated ? { createdAt: dateCreated } : {}),
    privileged: isPrivileged(roleOf(member)),
    facts: factsOf(member),
  }
}

/** A member as its detail shows it. */
export function toAccount(member: Member): Account {
  return { ...toSummary(member), entitlements: entitlementsOf(member) }
}

/** Whether the e-mail is one of the member's own; invitations keep the spelling that they were made with. */
function hasEmail({ email, user }: Member, wanted: string): boolean {
  const own = [email, user?.email ?? '', ...(user?.emails ?? []).map((each) => each.email)]
  return own.some((each) => each.toLowerCase() === wanted.toLowerCase())
}

function entitlementsOf(member: Member): readonly HeldEntitlement[] {
  const teams = teamRolesOf(member)
  return [
    { kind: 'role', id: roleOf(member) },
    ...teams.map(({ teamSlug }) => ({ kind: 'group', id: teamSlug }) as const),
    ...teams.filter(({ role }) => role === 'admin').map(({ teamSlug }) => teamAdmin(teamSlug)),
  ]
}

function factsOf(member: Member): AccountFacts {
  const { user, flags, expired, isOnlyOwner, inviterName } = member
  const managedBy = managerOf(flags)
  return {
    ...(flags ? { source: flags['idp:provisioned'] ? 'scim' : 'local' } : {}),
    ...(user?.lastLogin ? { lastLoginAt: user.lastLogin } : {}),
    ...(user?.has2fa === undefined ? {} : { twoFactor: user.has2fa }),
    ...(isPending(member) ? { invitation: expired ? 'expired' : 'pending' } : {}),
    ...(inviterName ? { invitedBy: inviterName } : {}),
    ...(isOnlyOwner ? { lastOwner: true } : {}),
    ...(managedBy ? { managedBy } : {}),
  }
}

function managerOf(flags: Member['flags'] = {}): string | undefined {
  if (flags['idp:provisioned']) return "Sentry's native SCIM (idp:provisioned)"
  if (flags['partnership:restricted']) return 'a Sentry partnership (partnership:restricted)'
  return undefined
}

/** A membership for an invitation, out of what the draft names. */
export function membershipOf(entitlements: readonly EntitlementRef[]): Membership {
  return apply({ orgRole: floorRole, teamRoles: [] }, { assign: entitlements, revoke: [] })
}

/** The membership after the change; what the change does not name stays as it is. Undefined when nothing differs. */
export function changed(member: Member, change: EntitlementChange): Membership | undefined {
  const before = { orgRole: roleOf(member), teamRoles: teamRolesOf(member) }
  const after = apply(before, change)
  return isSame(before, after) ? undefined : after
}

function apply({ orgRole, teamRoles }: Membership, { assign, revoke }: EntitlementChange): Membership {
  const gone = new Set(revoke.map(entitlementKey))
  const wanted = new Set(assign.map(entitlementKey))
  const role = assign.findLast((ref) => ref.kind === 'role' && ref.scope === undefined)?.id
  const remaining = gone.has(entitlementKey({ kind: 'role', id: orgRole })) ? floorRole : orgRole

  const kept = teamRoles.filter(({ teamSlug }) => !gone.has(entitlementKey({ kind: 'group', id: teamSlug })))
  const joined = assign.flatMap(teamOf).filter((slug) => kept.every(({ teamSlug }) => teamSlug !== slug))
  const teams = [...kept, ...[...new Set(joined)].map((teamSlug) => ({ teamSlug, role: 'contributor' }))]
  return {
    orgRole: role ?? remaining,
    teamRoles: teams.map((each) => {
      const admin = entitlementKey(teamAdmin(each.teamSlug))
      if (wanted.has(admin)) return { ...each, role: 'admin' }
      return gone.has(admin) && each.role === 'admin' ? { ...each, role: 'contributor' } : each
    }),
  }
}

/** The team that holding the entitlement takes: itself, or the one it is a role in. */
function teamOf({ kind, id, scope }: EntitlementRef): readonly string[] {
  if (kind === 'group') return [id]
  return scope?.level === 'team' ? [scope.id] : []
}

function isSame(one: Membership, other: Membership): boolean {
  const text = ({ orgRole, teamRoles }: Membership) =>
    JSON.stringify([orgRole, teamRoles.map(({ teamSlug, role }) => `${teamSlug}:${role ?? ''}`).sort()])
  return text(one) === text(other)
}

/** What an account keeps when its role is taken away. */
const floorRole = 'member'

/** Organization roles as the API guide and docs.sentry.io name them, for tokens that are not told the list. */
const knownRoles: readonly OrganizationRole[] = [
  { id: 'billing', name: 'Billing' },
  { id: 'member', name: 'Member' },
  { id: 'admin', name: 'Admin' },
  { id: 'manager', name: 'Manager' },
  { id: 'owner', name: 'Owner' },
]

const privilegedRoles = new Set(['admin', 'manager', 'owner'])

function isFloor({ id, scope }: EntitlementRef): boolean {
  return id === floorRole && scope === undefined
}

function isPrivileged(role: string): boolean {
  return privilegedRoles.has(role)
}

/** Roles that can be assigned; those that the organization's plan has retired are left out. */
function roleEntitlements(roles: readonly OrganizationRole[] = knownRoles): readonly Entitlement[] {
  return roles
    .filter(({ isRetired }) => !isRetired)
    .map(({ id, name }) => ({ kind: 'role', id, name, privileged: isPrivileged(id) }))
}

/** The team role `admin`. Its other team role, contributor, is what every member of a team has anyway. */
function teamAdmin(slug: string): EntitlementRef {
  return { kind: 'role', id: 'admin', scope: { level: 'team', id: slug } }
}

function teamEntitlements({
  slug,
  name,
}: {
  readonly slug: string
  readonly name: string
}): readonly Entitlement[] {
  return [
    { kind: 'group', id: slug, name },
    { ...teamAdmin(slug), name: 'Team Admin' },
  ]
}

/**
 * Ids of all members, invited ones included, whose e-mail is this one, letter case aside. `email:` finds members by
 * every address of theirs, but invitations only in the spelling that they were made with; free text finds those.
 */
async function findByEmail(client: Client, email: string): Promise<readonly string[]> {
  const wanted = email.trim()
  if (wanted === '') return []
  if (/[\s"]/.test(wanted)) return matching(client, wanted, undefined)
  const exact = await matching(client, wanted, `email:${wanted.toLowerCase()}`)
  return exact.length > 0 ? exact : matching(client, wanted, wanted.toLowerCase())
}

/** The vendor's search is a help, not a judge: the match is made here. */
async function matching(
  client: Client,
  email: string,
  query: string | undefined,
): Promise<readonly string[]> {
  const found: Member[] = []
  for await (const member of client.members('find', query)) {
    if (hasEmail(member, email)) found.push(member)
  }
  return [...new Set(found.map(({ id }) => id))]
}

interface TargetOptions {
  readonly profile: ApiProfile
  readonly token: string
  /** Of a server of one's own. */
  readonly host?: string
}

export function createTarget(
  client: Client,
  { profile, token, host }: TargetOptions,
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

    async tenant() {
      const id = await client.organizationId('tenant')
      return host === undefined ? id : `${host}/${id}`
    },

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
    // Listed a moment ago: something in between answers, or it is just being removed. Neither proves anything.
    if (!account)
      throw new VendorError('unexpected', 'a member that is listed cannot be read', {
        vendor: 'sentry',
        operation: 'find',
      })
    accounts.push(account)
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
