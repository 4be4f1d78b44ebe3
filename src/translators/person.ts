import type { Profile } from '../model/account.ts'
import type { GroupRef, Person } from '../model/person.ts'
import type { Policy } from '../model/policy.ts'

type Resource = Readonly<Record<string, unknown>>

/**
 * The e-mail address under which vendors know a User, lower-cased and trimmed: userName if it is an e-mail address
 * without `#EXT#`, else the primary, else the work e-mail. Order `email`: primary, work, userName.
 */
export function loginOf(resource: Resource, order: Policy['login']): string | undefined {
  const userName = resource['userName']
  const { primary, work } = namedEmails(resource)
  const candidates = order === 'userName' ? [userName, primary, work] : [primary, work, userName]
  return candidates.map(fold).find((candidate) => candidate !== undefined && isLogin(candidate))
}

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

function namedEmails(resource: Resource): { readonly primary: unknown; readonly work: unknown } {
  const emails = emailsOf(resource)
  return {
    primary: emails.find((email) => email['primary'] === true)?.['value'],
    work: emails.find((email) => fold(email['type']) === 'work')?.['value'],
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
