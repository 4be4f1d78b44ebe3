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
/** Tokens by their look, for those that nobody told us about. Text is short where they are looked for. */
const secretLook =
  /\b(?:bearer|apitoken|basic)\s{1,4}[\w.~+/=-]{8,}|\bsntry[a-z]_[\w.-]{1,}|\beyJ[\w.-]{16,}|\b(?:token|secret|password|activationToken|invite_link)["']?\s{0,4}(?:=\s{0,4}["']?|:\s{0,4}["'])[^\s"',}]{1,}|\b(?:token|secret|password|activationToken|invite_link):\s{0,4}(?=[^\s"',}]{0,40}[\d/_+=~])[^\s"',}]{6,}/gi

export function wordsOf(secrets: readonly string[]): Words {
  const redact = redactor(secrets)
  return (body) =>
    redact([...new Set(leavesOf(body))].join('; '))
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

/** No more of a foreign text is looked at. */
const mostLookedAt = 4_096

/** The texts of a body, 4 KiB in all, each with the name of its field where that says something. */
export function leavesOf(body: unknown): readonly string[] {
  let left = mostLookedAt
  const walk = (value: unknown, key: string | undefined, depth: number): readonly string[] => {
    if (depth > 4 || left <= 0) return []
    if (typeof value === 'string') {
      const text = cut(value, left)
      left -= text.length + 2
      return [key === undefined ? text : `${key}: ${text}`]
    }
    if (Array.isArray(value)) return value.slice(0, 10).flatMap((each) => walk(each, key, depth + 1))
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value)
      .slice(0, 100)
      .flatMap(([name, each]) => {
        if (secretKey.test(name)) return []
        return walk(each, structural.has(name) ? key : name.slice(0, 100), depth + 1)
      })
  }
  return walk(body, undefined, 0)
}

/** At the end of a word, where there is one: half a secret would not be known for one. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text
  const end = text.lastIndexOf(' ', most)
  return `${text.slice(0, end > most / 2 ? end : most / 2)} …`
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
    if (typeof value === 'string') return redact(value.slice(0, 2 * longestText)).slice(0, longestText)
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
