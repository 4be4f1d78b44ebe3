import { ignoring } from '../../../errors.ts'
import type {
  AccountDraft,
  AccountSettings,
  Creation,
  EntitlementChange,
  ProfileChange,
  Receipt,
} from '../../contract.ts'
import { fold } from '../client/calls.ts'
import { failure } from '../errors.ts'
import { isCalled, toAccount } from './accounts.ts'
import { randomPassword } from './password.ts'
import { changed, isSame, writable } from './roles.ts'
import { findByEmail, quarantineOf, type Session } from './session.ts'

/** The creation is tried, not asked about first: the refusal of a duplicate is the one sure answer. */
export async function create(
  session: Session,
  { login, profile, entitlements, settings }: AccountDraft,
): Promise<Creation> {
  const { client, how } = session
  const reach = await session.reached('create')
  const roles = changed([], { assign: entitlements, revoke: [] })
  const set = await writable('create', roles, reach.home, () => quarantineOf(session, 'create', reach))
  const email = fold(login)
  const draft = {
    login: email,
    fullName: profile.displayName?.trim() || email,
    ...set,
    ...(settings ? { settings } : {}),
    ...(how.onboarding ? {} : { password: randomPassword() }),
  }
  const user = await client.create(reach, draft).catch(ignoring('conflict'))
  if (user) {
    const account = toAccount(user, how)
    return { outcome: account.state === 'invited' ? 'invited' : 'created', account }
  }
  // Without an account the address belongs to another account of this tenant.
  const [account] = await findByEmail(session, 'create', email)
  return { outcome: 'exists', account }
}

export async function update(
  { client, reached }: Session,
  id: string,
  { email, displayName }: ProfileChange,
  settings: AccountSettings = {},
): Promise<Receipt> {
  if (email !== undefined) {
    throw failure('unsupported', 'update', 'the e-mail address of a SentinelOne user is fixed')
  }
  // A user always has a full name.
  const fullName = displayName?.trim() || undefined
  if (fullName === undefined && Object.keys(settings).length === 0) return {}
  await client.change(await reached('update'), id, { fullName, settings })
  return {}
}

export async function remove({ client, reached }: Session, id: string): Promise<Receipt> {
  const user = await client.user('remove', await reached('remove'), id)
  if (user?.facts.source === 'scim') {
    const detail =
      "the user is managed by SentinelOne's native SCIM; remove it at the identity provider, or the two get out of step"
    throw failure('forbidden', 'remove', detail)
  }
  if (user) await client.remove(id).catch(ignoring('not-found'))
  return {}
}

/** Reads the user, and writes the whole set once if anything differs. */
export async function changeRoles(session: Session, id: string, change: EntitlementChange): Promise<Receipt> {
  const operation = 'changeEntitlements'
  const { assign, revoke, settings } = change
  if (assign.length + revoke.length === 0 && !settings) return {}
  const { client, how } = session
  const reach = await session.reached(operation)
  const user = await client.user(operation, reach, id)
  if (!user) throw failure('not-found', operation, 'there is no such user any more')
  // The role that counts as none gives way to any other.
  const before = user.roles.filter((role) => !isCalled(role, how.quarantineRole))
  const after = changed(before, change)
  if (isSame(before, after) && !settings) return {}
  const set = await writable(operation, after, reach.home, () => quarantineOf(session, operation, reach))
  await client.setRoles(reach, id, set, settings)
  return {}
}
