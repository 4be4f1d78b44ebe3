import { longestForeign } from './classify.ts'

/** The vendor's own words in a refusal, as one line of at most 300 characters without secrets. */
export type Words = (body: unknown) => string

const longest = 300
/** Keys that only structure a refusal; any other key names the field that was refused. */
const structural = new Set([
  'detail',
  'details',
  'error',
  'errors',
  'message',
  'messages',
  'title',
  'non_field_errors',
])
const secretKey = /token|secret|password|authorization|invite_link|^hash$|api_?key|cookie/i
/** Tokens by their look, for those that nobody told us about. */
const secretLook =
  /\b(bearer|apitoken|basic)\s+[\w.~+/=-]{8,}|\bsntry[a-z]_[\w.-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]+|\b(token|secret|password|activationToken|invite_link)["']?\s*[:=]\s*["']?[^\s"',}]+/gi

export function wordsOf(secrets: readonly string[]): Words {
  const redact = redactor(secrets)
  return (body) =>
    redact(
      [...new Set(leaves(body, undefined, 0))]
        .map((text) => text.slice(0, longestForeign))
        .join('; ')
        .slice(0, longestForeign)
        // A word that the cut went through may be half of a secret.
        .replace(/^([^]{4000,})\s\S*$/, '$1'),
    )
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, longest)
}

/** Takes the given secrets, however they are escaped, and whatever looks like one out of a text. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .filter((secret) => secret.length > 0)
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    .sort((one, other) => other.length - one.length)
  return (text) => {
    const known = forms.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
    return known.replace(secretLook, '[redacted]')
  }
}

/** What a request sent under keys that name a secret, such as a new password: a refusal may repeat it. */
export function secretsIn(sent: unknown, depth = 0): readonly string[] {
  if (typeof sent !== 'object' || sent === null || depth > 4) return []
  return Object.entries(sent).flatMap(([name, each]) =>
    typeof each === 'string' && secretKey.test(name) ? [each] : secretsIn(each, depth + 1),
  )
}

function leaves(value: unknown, key: string | undefined, depth: number): readonly string[] {
  if (depth > 4) return []
  if (typeof value === 'string') return [key === undefined ? value : `${key}: ${value}`]
  if (Array.isArray(value)) return value.slice(0, 10).flatMap((each) => leaves(each, key, depth + 1))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, each]) => {
    if (secretKey.test(name)) return []
    return leaves(each, structural.has(name) ? key : name, depth + 1)
  })
}

const longestText = 4_000
const deepest = 8
const mostItems = 50

/**
 * A body for a log at level `trace`: what stands under a secret's name is left out, known secrets are taken out of every
 * text, and what is long is cut. It still holds what people are called.
 */
export function recordOf(body: unknown, secrets: readonly string[]): unknown {
  const redact = redactor(secrets)
  const walk = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return redact(value).slice(0, longestText)
    if (typeof value !== 'object' || value === null) return value
    if (depth > deepest) return '…'
    if (Array.isArray(value)) {
      const items = value.slice(0, mostItems).map((each) => walk(each, depth + 1))
      return value.length > mostItems ? [...items, `… ${value.length - mostItems} more`] : items
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        key,
        secretKey.test(key) ? '[redacted]' : walk(each, depth + 1),
      ]),
    )
  }
  return walk(body, 0)
}
