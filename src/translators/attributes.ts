import type { Attribute, Capabilities } from '../model/capabilities.ts'
import type { Deviation } from '../model/plan.ts'
import type { Account, Profile, ProfileChange } from '../model/account.ts'
import type { Person } from '../model/person.ts'

export interface ProfileDifference {
  /** Only what differs and may be written. */
  readonly change: ProfileChange
  readonly deviations: readonly Deviation[]
}

/** The attributes of a person that the vendor takes at creation. */
export function draftProfile(person: Person, can: Capabilities): Profile {
  const wanted = wantedProfile(person, can)
  return Object.fromEntries(
    supported(can)
      .filter(([attribute, { mutability }]) => mutability !== 'readOnly' && wanted[attribute] !== undefined)
      .map(([attribute]) => [attribute, wanted[attribute]]),
  )
}

/** Compares only what the vendor keeps; what it does not keep, or fixes at creation, is a deviation. */
export function profileDifference(
  person: Person,
  account: Account | undefined,
  can: Capabilities,
): ProfileDifference {
  const wanted = wantedProfile(person, can)
  const notKept = unkept(wanted, account, can)
  if (!account) return { change: {}, deviations: notKept }

  const held = heldProfile(account, can)
  const kept = new Set(account.facts.readOnly)
  const differing = supported(can).filter(([name]) => !isSame(name, wanted[name], held[name]))
  const changes = differing
    .filter(([name, { mutability }]) => mutability === 'readWrite' && !kept.has(name))
    // Vendors fill a required attribute themselves; clearing it would only bring their filling back.
    .filter(([name, { required }]) => wanted[name] !== undefined || !required)
    .map(([name]) => [name, wanted[name] ?? null])
  const fixed = differing
    .filter(([name, { mutability }]) => mutability === 'immutable' && wanted[name] !== undefined)
    .map(([name]) => immutable(name, wanted[name] ?? '', held[name], can))
  const locked = differing
    .filter(([name, { mutability }]) => mutability === 'readWrite' && kept.has(name))
    .map(([name]) => readOnlyHere(name, account))
  return { change: Object.fromEntries(changes), deviations: [...fixed, ...locked, ...notKept] }
}

/** Adds the attributes that every update must carry, with the values that are known. */
export function carriedTogether(
  change: ProfileChange,
  person: Person,
  account: Account,
  can: Capabilities,
): ProfileChange {
  const wanted = wantedProfile(person, can)
  const together = (can.updateTogether ?? []).flatMap((name) => {
    const value = wanted[name] ?? account.profile[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(together), ...change }
}

/** The attribute that holds the vendor's login is wanted to be the person's login, whatever userName says. */
function wantedProfile(person: Person, { correlateBy: [loginAttribute], attributes }: Capabilities): Profile {
  const { profile, login } = person
  const displayName = attributes.displayName?.required ? { displayName: wholeName(person) } : {}
  return { ...displayName, ...profile, [loginAttribute]: login }
}

/** For vendors that demand one name of everybody, whatever the directory has. */
function wholeName({ profile: { givenName, familyName }, formattedName, login }: Person): string {
  const parts = [givenName, familyName].filter((part) => part !== undefined)
  return formattedName ?? (parts.length > 0 ? parts.join(' ') : login)
}

function heldProfile({ profile, login }: Account, { correlateBy: [loginAttribute] }: Capabilities): Profile {
  return { [loginAttribute]: login, ...profile }
}

function supported({ attributes }: Capabilities) {
  return (Object.keys(attributes) as Attribute[]).flatMap((name) => {
    const support = attributes[name]
    return support ? [[name, support] as const] : []
  })
}

const caseless: ReadonlySet<Attribute> = new Set(['userName', 'email'])

function isSame(name: Attribute, wanted: string | undefined, held: string | undefined): boolean {
  const [a, b] = [wanted?.trim() ?? '', held?.trim() ?? '']
  return caseless.has(name) ? a.toLowerCase() === b.toLowerCase() : a === b
}

function immutable(name: Attribute, wanted: string, held: string | undefined, can: Capabilities): Deviation {
  return name === can.correlateBy[0]
    ? {
        code: 'login-immutable',
        detail: `The vendor cannot rename ${held ?? 'the login'} to ${wanted}; the account keeps its login.`,
      }
    : {
        code: 'attribute-immutable',
        detail: `The vendor sets ${name} only at creation; it stays ${held ?? 'as it is'} instead of ${wanted}.`,
      }
}

function readOnlyHere(name: Attribute, { login, profile }: Account): Deviation {
  const detail = `The vendor marks ${name} of ${login} as read-only; it stays ${profile[name] ?? 'as it is'}. Change it where the vendor takes it from.`
  return { code: 'attribute-immutable', detail }
}

const names = ['givenName', 'familyName', 'displayName'] as const

// userName and email are left out: the login carries them wherever the vendor knows only one of the two.
function unkept(wanted: Profile, account: Account | undefined, can: Capabilities): readonly Deviation[] {
  const lost = names.filter((name) => {
    const { mutability } = can.attributes[name] ?? { mutability: undefined }
    if (wanted[name] === undefined || mutability === 'readWrite' || mutability === 'immutable') return false
    return mutability === undefined || !isSame(name, wanted[name], account?.profile[name])
  })
  if (lost.length === 0) return []
  const detail = `The vendor does not let us keep ${lost.join(', ')}; nothing needs to be done.`
  return [{ code: 'attribute-not-kept', detail }]
}
