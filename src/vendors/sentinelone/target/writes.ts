import { ignoring } from '../../../model/errors.ts'
import type {
  Account,
  AccountDraft,
  AccountSettings,
  Creation,
  EntitlementChange,
  ProfileChange,
  Receipt,
} from '../../contract.ts'
import { fold } from '../client/calls.ts'
import type { HeldRole, Reach, RoleSet } from '../client/client.ts'
import { failure } from '../errors.ts'
import { isCalled, toAccount } from './accounts.ts'
import { randomPassword } from './password.ts'
import { changed, isSame, writable } from './roles.ts'
import { findByEmail, type Session } from './session.ts'

/** The creation is tried, not asked about first: the refusal of a duplicate is the one sure answer. */
export async function create(
  session: Session,
  { login, profile, entitlements, settings }: AccountDraft,
): Promise<Creation> {
  const { client, how } = session
  const reach = await session.reached('create')
  const roles = changed([], { assign: entitlements, revoke: [] })
  const email = fold(login)
  const draft = {
    login: email,
    fullName: profile.displayName?.trim() || email,
    ...(settings ? { settings } : {}),
    ...(how.onboarding ? {} : { password: randomPassword() }),
  }
  const user = await withRoles(session, { operation: 'create', reach, roles }, (set) =>
    client.create(reach, { ...draft, ...set }).catch(ignoring('conflict')),
  )
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

/** Who made the user decides whether it may go: as the caller has just read it, or else as the console says now. */
export async function remove({ client, reached }: Session, id: string, known?: Account): Promise<Receipt> {
  const isTold = known?.id === id && known.facts.source !== undefined
  const user = isTold ? known : await client.user('remove', await reached('remove'), id)
  if (user?.facts.source === 'scim') {
    const detail =
      "the user is managed by SentinelOne's native SCIM; remove it at the identity provider, or the two get out of step"
    throw failure('forbidden', 'remove', detail)
  }
  if (user) await client.remove(id).catch(ignoring('not-found'))
  return {}
}

/** Writes the whole set once if anything differs from what the user holds: as just read, or else as the console says now. */
export async function changeRoles(
  session: Session,
  id: string,
  change: EntitlementChange,
  known?: Account,
): Promise<Receipt> {
  const operation = 'changeEntitlements'
  const { assign, revoke, settings } = change
  if (assign.length + revoke.length === 0 && !settings) return {}
  const { client } = session
  const reach = await session.reached(operation)
  const before = known?.id === id ? rolesOf(known) : await rolesNow(session, reach, id)
  const after = changed(before, change)
  if (isSame(before, after) && !settings) return {}
  await withRoles(session, { operation, reach, roles: after }, (set) =>
    client.setRoles(reach, id, set, settings),
  )
  return {}
}

interface Roles {
  readonly operation: string
  readonly reach: Reach
  readonly roles: readonly HeldRole[]
}

/** Writes the roles, or the one that counts as none where there are none. */
async function withRoles<T>(
  session: Session,
  { operation, reach, roles }: Roles,
  write: (set: RoleSet) => Promise<T>,
): Promise<T> {
  const quarantine = () => session.quarantine(operation, reach)
  const act = async () => write(await writable(operation, roles, reach.home, quarantine))
  return roles.length === 0 ? session.quarantining(act) : act()
}

/** The role that counts as none gives way to any other. */
async function rolesNow({ client, how }: Session, reach: Reach, id: string): Promise<readonly HeldRole[]> {
  const operation = 'changeEntitlements'
  const user = await client.user(operation, reach, id)
  if (!user) throw failure('not-found', operation, 'there is no such user any more')
  return user.roles.filter((role) => !isCalled(role, how.quarantineRole))
}

/** An account shows no role that counts as none, and no scope of a role that cannot be taken away here. */
function rolesOf({ entitlements }: Account): readonly HeldRole[] {
  return entitlements.map(({ id, scope }) => ({ id, scope }))
}
