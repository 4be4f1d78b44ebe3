import { isPending, type SimMember } from './state.ts'

type Test = (member: SimMember, value: string) => boolean

/** Invitations are found in the spelling that they were made with, users in any and by every address of theirs. */
const hasEmail: Test = (member, value) =>
  isPending(member)
    ? member.email === value
    : [member.email, ...member.emails].some((email) => email.toLowerCase() === value.toLowerCase())

const tests: Readonly<Record<string, Test>> = {
  email: hasEmail,
  id: ({ id }, value) => id === value,
  'user.id': ({ userId }, value) => userId === value,
  role: ({ orgRole }, value) => orgRole === value,
  isInvited: (member, value) => isPending(member) === (value === 'true'),
  has2fa: ({ has2fa }, value) => has2fa === (value === 'true'),
  ssoLinked: ({ flags }, value) => Boolean(flags['sso:linked']) === (value === 'true'),
}

const contains: Test = ({ email, emails, name }, value) =>
  [email, name, ...emails].some((text) => text.toLowerCase().includes(value.toLowerCase()))

/** `key:value` tokens separated by spaces, the rest is free text. A key that is not known finds nothing. */
export function matcherOf(query: string): (member: SimMember) => boolean {
  const words: string[] = []
  const tokens: (readonly [string, string])[] = []
  for (const part of query.split(/\s+/).filter(Boolean)) {
    const colon = part.indexOf(':')
    if (colon > 0) tokens.push([part.slice(0, colon), part.slice(colon + 1)])
    else words.push(part)
  }
  return (member) =>
    tokens.every(([key, value]) => tests[key]?.(member, value) ?? false) &&
    (words.length === 0 || contains(member, words.join(' ')))
}
