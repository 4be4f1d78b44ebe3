import { type Client, type ConsoleRole, fold, is, type Reach } from './client.ts'
import { failure } from './errors.ts'
import type { SentineloneSettings } from './settings.ts'
import type { Account, HeldEntitlement } from '../../model/account.ts'
import type { ConsoleUser, HeldRole } from './wire.ts'

/** What every call of a target needs: the endpoints, where the token leads, and how users are shown. */
export interface Session {
  readonly client: Client
  readonly how: Presentation
  /** Where the token leads, as last read. */
  reached(operation: string): Promise<Reach>
  /** The same, asked anew. */
  reachAnew(operation: string): Promise<Reach>
  /** The role that counts as none, where the connection names one; as read at most some minutes ago. */
  quarantine(operation: string, reach: Reach): Promise<ConsoleRole | undefined>
  /** Does what may write that role; once more with the role read anew, where the console refuses a role that was read before. */
  quarantining<T>(act: () => Promise<T>): Promise<T>
}

const freshMs = 5 * 60_000

interface Quarantine {
  readonly role: ConsoleRole
  readonly at: number
}

export function createSession(client: Client, settings: SentineloneSettings, now: () => number): Session {
  const { quarantineRole, onboarding = true } = settings
  let known: Promise<Reach> | undefined
  let quarantine: Quarantine | undefined
  const isFresh = (read: Quarantine | undefined): read is Quarantine =>
    read !== undefined && now() - read.at < freshMs

  function reachAnew(operation: string): Promise<Reach> {
    const asked = client.reach(operation, settings)
    known = asked
    asked.catch(() => {
      if (known === asked) known = undefined
    })
    return asked
  }

  return {
    client,
    how: { quarantineRole, keepsSettings: client.keepsSettings, onboarding },
    reachAnew,
    reached: (operation) => known ?? reachAnew(operation),

    async quarantine(operation, reach) {
      if (quarantineRole === undefined) return undefined
      if (isFresh(quarantine)) return quarantine.role
      const role = await quarantineOf(client, operation, reach, quarantineRole)
      quarantine = { role, at: now() }
      return role
    },

    async quarantining(act) {
      const before = isFresh(quarantine) ? quarantine : undefined
      try {
        return await act()
      } catch (error) {
        if (!is(error, 'invalid') || !before) throw error
        // Somebody else may have found out at the same moment, and read it anew already.
        if (quarantine === before) quarantine = undefined
        return act()
      }
    },
  }
}

async function quarantineOf(
  client: Client,
  operation: string,
  reach: Reach,
  name: string,
): Promise<ConsoleRole> {
  const roles = await client.roles(operation, reach)
  const found = roles.find((role) => isCalled(role, name))
  if (found) return found
  throw failure('invalid', operation, `the console has no role "${name}", the quarantineRole`)
}

/** Accounts of exactly this address, letter case aside. */
export async function findByEmail(
  session: Session,
  operation: string,
  email: string,
): Promise<readonly Account[]> {
  const { client, how, reached } = session
  const wanted = fold(email)
  if (wanted === '') return []
  const users = await client.search(operation, await reached(operation), wanted)
  const called = users.filter(({ login }) => fold(login) === wanted)
  return Promise.all(called.map(async (user) => toAccount(await named(session, operation, user), how)))
}

/** The user with the name of the role that counts as none, where the console leaves names out: what counts is its id. */
export async function named(
  { how, reached, quarantine }: Session,
  operation: string,
  user: ConsoleUser,
): Promise<ConsoleUser> {
  if (how.quarantineRole === undefined || user.roles.every(({ name }) => name !== undefined)) return user
  const none = await quarantine(operation, await reached(operation))
  const roles = user.roles.map((role) => (role.id === none?.id ? { ...role, name: none.name } : role))
  return { ...user, roles }
}

interface Presentation {
  /** Name or id of the role that counts as none. */
  readonly quarantineRole?: string | undefined
  readonly keepsSettings: boolean
  /** The console mails invitations, so an unverified address is an open invitation. */
  readonly onboarding: boolean
}

export function toAccount(user: ConsoleUser, how: Presentation): Account {
  const { id, login, fullName, createdAt, facts } = user
  const state = stateOf(user, how)
  return {
    id,
    login,
    profile: { email: login, ...(fullName ? { displayName: fullName } : {}) },
    state,
    entitlements: entitlementsOf(user, how),
    ...(how.keepsSettings ? { settings: user.settings } : {}),
    ...(createdAt ? { createdAt } : {}),
    privileged: user.roles.some(({ id: role, name }) => isPrivileged(name ?? role)),
    facts: { ...facts, ...(state === 'invited' ? { invitation: 'pending' } : {}) },
  }
}

function stateOf({ isActive, isAccepted }: ConsoleUser, { onboarding }: Presentation): Account['state'] {
  if (!isActive) return 'disabled'
  return onboarding && !isAccepted ? 'invited' : 'active'
}

function entitlementsOf(user: ConsoleUser, how: Presentation): readonly HeldEntitlement[] {
  return user.roles.filter((role) => !isCalled(role, how.quarantineRole)).map(toHeld)
}

/** A role of a level without a word of its own cannot be taken away here. */
function toHeld({ id, scope }: HeldRole): HeldEntitlement {
  return scope ? { kind: 'role', id, scope } : { kind: 'role', id, inherited: true }
}

/** By id or name, letter case aside. */
export function isCalled(
  { id, name }: { readonly id: string; readonly name?: string | undefined },
  wanted: string | undefined,
): boolean {
  const folded = wanted?.trim().toLowerCase()
  return folded !== undefined && (id.toLowerCase() === folded || name?.toLowerCase() === folded)
}

/** The console's own administrator role; custom ones cannot be told by their name. */
export function isPrivileged(roleName: string): boolean {
  return roleName.trim().toLowerCase() === 'admin'
}
