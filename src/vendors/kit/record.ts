import { redactor } from './words.ts'

const secretKey = /token|secret|password|authorization|invite_link|^hash$|api_?key|cookie/i
const longest = 4_000
const deepest = 8
const mostItems = 50

/**
 * A body for a log at level `trace`: what stands under a secret's name is left out, known secrets are taken out of every
 * text, and what is long is cut. It still holds what people are called.
 */
export function recordOf(body: unknown, secrets: readonly string[]): unknown {
  const redact = redactor(secrets)
  const walk = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return redact(value).slice(0, longest)
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
