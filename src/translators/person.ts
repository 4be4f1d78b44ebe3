import type { Account, Profile, ProfileChange } from '../model/account.ts'
import type { Attribute, Capabilities } from '../model/capabilities.ts'
import type { GroupRef, Person } from '../model/person.ts'
import type { Deviation } from '../model/plan.ts'
import type { Policy } from '../model/policy.ts'

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

type Resource = Readonly<Record<string, unknown>>

/**
 * The e-mail address under which vendors know a User, lower-cased and trimmed: userName if it is an e-mail address
 * without `#EXT#`, else the primary, else the work e-mail, else the only one. Order `email`: primary, work, userName,
 * the only one, so that a login never changes because a lone private address is added.
 */
export function loginOf(resource: Resource, order: Policy['login']): string | undefined {
  const userName = resource['userName']
  const { primary, work, only } = namedEmails(resource)
  const candidates = order === 'userName' ? [userName, primary, work, only] : [primary, work, userName, only]
  return candidates.map(fold).find((candidate) => candidate !== undefined && isLogin(candidate))
}

/** Why a User has no login: what was looked at, in that order, and what each lacks; for the admin. */
export function whyNoLogin(resource: Resource, order: Policy['login']): string {
  const userName = lackOf('userName', resource['userName'])
  const emails = lacksOfEmails(resource)
  const looked = order === 'userName' ? [userName, ...emails] : [...emails, userName]
  return `Vendors know people by e-mail address, and this User has none: ${looked.join('; ')}. Map an e-mail address to userName, or to the primary or work e-mail.`
}

function lacksOfEmails(resource: Resource): readonly string[] {
  const emails = emailsOf(resource)
  if (emails.length === 0) return ['there are no emails']
  const { primary, work, only } = namedEmails(resource)
  const named = [
    ...(primary === undefined ? [] : [lackOf('the primary e-mail', primary)]),
    ...(work === undefined || work === primary ? [] : [lackOf('the work e-mail', work)]),
  ]
  if (named.length > 0) return named
  return emails.length === 1
    ? [lackOf('the only e-mail', only)]
    : [`none of the ${emails.length} emails is primary or of type work`]
}

function lackOf(what: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '') return `${what} is empty`
  const shown = JSON.stringify(value.length > longestShown ? `${value.slice(0, longestShown)}…` : value)
  return /#ext#/i.test(value)
    ? `${what} ${shown} is the name of a guest (#EXT#), which is not an e-mail address`
    : `${what} ${shown} is not an e-mail address`
}

const longestShown = 100

/** Reduces a User to what vendors can hold. Undefined when it has no login. */
export function personOf(
  resource: Resource,
  groups: readonly GroupRef[],
  order: Policy['login'],
): Person | undefined {
  const login = loginOf(resource, order)
  if (login === undefined) return undefined
  const formattedName = formattedNameOf(resource)
  return {
    login,
    active: resource['active'] !== false,
    profile: profileOf(resource, login),
    ...(formattedName === undefined ? {} : { formattedName }),
    groups,
  }
}

function formattedNameOf({ name }: Resource): string | undefined {
  const formatted = isRecord(name) ? name['formatted'] : undefined
  return typeof formatted === 'string' && formatted.trim() !== '' ? formatted.trim() : undefined
}

function profileOf(resource: Resource, login: string): Profile {
  const name = isRecord(resource['name']) ? resource['name'] : {}
  const { displayName } = resource
  const parts = partsOf(typeof displayName === 'string' ? displayName : '')
  const values = {
    userName: resource['userName'],
    email: emailOf(resource) ?? login,
    givenName: name['givenName'] ?? (name['familyName'] === undefined ? parts.givenName : undefined),
    familyName: name['familyName'] ?? (name['givenName'] === undefined ? parts.familyName : undefined),
    displayName,
    locale: localeOf(resource['locale']),
  }
  return Object.fromEntries(
    Object.entries(values).flatMap(([attribute, value]) => {
      const text = typeof value === 'string' ? value.trim() : ''
      return text === '' ? [] : [[attribute, text]]
    }),
  )
}

/** For Users that come without a name: the first word of the displayName and the rest. */
function partsOf(displayName: string): { readonly givenName?: string; readonly familyName?: string } {
  const [givenName, ...rest] = displayName.split(/\s+/).filter((word) => word !== '')
  return {
    ...(givenName === undefined ? {} : { givenName }),
    ...(rest.length === 0 ? {} : { familyName: rest.join(' ') }),
  }
}

/** The e-mail address that vendors keep beside a login: the primary, else the work one. */
function emailOf(resource: Resource): string | undefined {
  const { primary, work } = namedEmails(resource)
  return [primary, work].map(fold).find((candidate) => candidate !== undefined && isLogin(candidate))
}

function namedEmails(resource: Resource): Readonly<Record<'primary' | 'work' | 'only', unknown>> {
  const emails = emailsOf(resource)
  return {
    primary: emails.find((email) => email['primary'] === true)?.['value'],
    work: emails.find((email) => fold(email['type']) === 'work')?.['value'],
    only: emails.length === 1 ? emails[0]?.['value'] : undefined,
  }
}

/** A language with its region, such as `en-US`, however it is written; anything else names no locale of a vendor. */
function localeOf(value: unknown): string | undefined {
  const [, language, region] = /^\s*([a-z]{2,3})[-_]([a-z]{2})\s*$/i.exec(String(value ?? '')) ?? []
  return language && region && `${language.toLowerCase()}-${region.toUpperCase()}`
}

function emailsOf(resource: Resource): readonly Resource[] {
  const emails = resource['emails']
  return Array.isArray(emails) ? emails.filter(isRecord) : []
}

function isRecord(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fold(value: unknown): string | undefined {
  return typeof value === 'string' ? value.trim().toLowerCase() : undefined
}

/** RFC 5321 §4.5.3.1: 64 octets before the @, 255 after it, 254 in all (erratum 1690). */
const longest = { all: 254, local: 64, label: 63 } as const

const localPart = /^[^\s\p{C}"(),:;<>@[\\\]]+$/u
const label = /^[\p{L}\p{M}\p{N}-]+$/u

// Entra ID spells guests `ada_partner.example#EXT#@tenant.example`: that reaches nobody.
export function isLogin(text: string): boolean {
  if (text.length > longest.all || text.includes('#ext#')) return false
  const at = text.indexOf('@')
  const local = text.slice(0, at)
  const labels = text.slice(at + 1).split('.')
  return (
    at > 0 &&
    local.length <= longest.local &&
    localPart.test(local) &&
    labels.length > 1 &&
    labels.every((each) => each.length <= longest.label && label.test(each))
  )
}
