import type { Account, HeldEntitlement } from '../../contract.ts'
import type { ConsoleUser, HeldRole } from '../client/client.ts'

export interface Presentation {
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
