import { ignoring, VendorError } from '../../errors.ts'
import type { Account, AccountDraft, Creation, EntitlementChange, TargetOf } from '../contract.ts'
import { toAccount, toSummary } from './account.ts'
import { capabilities } from './capabilities.ts'
import type { Client } from './client.ts'
import { findByEmail } from './find.ts'
import { changed, membershipOf } from './membership.ts'
import { roleEntitlements, teamEntitlements } from './roles.ts'
import type { Member } from './wire.ts'

export function createTarget(client: Client, test: () => Promise<void>): TargetOf<typeof capabilities> {
  return {
    capabilities,
    test,
    tenant: () => client.organizationId('tenant'),

    async self() {
      // Tokens of an integration belong to no member.
      return (await client.self('self').catch(ignoring('not-found')))?.id
    },

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
      const self = await client.self('catalogue').catch(ignoring('not-found'))
      const teams = []
      for await (const team of client.teams('catalogue')) teams.push(...teamEntitlements(team))
      return [...roleEntitlements(self?.orgRoleList), ...teams]
    },

    async changeEntitlements(id, change) {
      await changeEntitlements(client, id, change)
      return {}
    },
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
  const member = await client.invite(login, membershipOf(entitlements)).catch(ignoring('conflict'))
  if (member) return { outcome: 'invited', account: await invited(client, member) }
  const [account] = await accountsOf(client, login)
  return { outcome: 'exists', account }
}

/** What was invited, teams included. The invitation is out whatever becomes of this reading. */
async function invited(client: Client, member: Member): Promise<Account> {
  if (member.teamRoles) return toAccount(member)
  const detail = await client.member('create', member.id).catch(() => member)
  return toAccount(detail)
}

/** One team goes by its own route. Anything with a role rewrites the membership, read just before. */
async function changeEntitlements(client: Client, id: string, change: EntitlementChange): Promise<void> {
  const { assign, revoke } = change
  const [only, another] = [...assign, ...revoke]
  if (!only) return
  if (!another && only.kind === 'group') {
    return assign.length > 0 ? client.joinTeam(id, only.id) : client.leaveTeam(id, only.id)
  }
  const membership = changed(await client.member('changeEntitlements', id), change)
  if (membership) await client.replaceMembership(id, membership)
}
