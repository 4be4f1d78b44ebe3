import { doPart, invalidValue, quoted } from '../errors.ts'
import type { ResourceBody } from '../../model/directory.ts'

/** Most bytes of one User, or of one Group without its members, as JSON; identity providers send a few thousand. */
export const mostResourceBytes = 128 * 1024

/** Characters that move the cursor of a terminal, or turn the direction in which a text reads. */
const unseen = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u

/**
 * Refuses with `invalidValue` what no identity provider sends and what harms those who keep or show it: a resource that is
 * too large, a userName that does not show what it is. What is there already may stay, and may shrink.
 */
export function checkBounds(body: ResourceBody, current?: ResourceBody): void {
  const { userName } = body
  if (typeof userName === 'string' && unseen.test(userName) && userName !== current?.['userName']) {
    throw invalidValue(
      `userName holds a control character or a mark of direction: ${quoted(userName)}. Remove it.`,
    )
  }
  const bytes = bytesOf(body)
  if (bytes <= mostResourceBytes || (current && bytes <= bytesOf(current))) return
  const [largest = ''] = Object.keys(body).toSorted((a, b) => bytesOf(body[b]) - bytesOf(body[a]))
  throw invalidValue(
    `The resource has ${bytes} bytes and may have ${mostResourceBytes} at most. Shorten ${largest}, its largest attribute.`,
  )
}

/** For a write that shuts out: what is beyond the bounds is not written, and why is put into `ignored`; access ends. */
export function withinBounds(body: ResourceBody, current: ResourceBody, ignored: string[]): ResourceBody {
  const before = ignored.length
  doPart(ignored, () => checkBounds(body, current))
  return ignored.length === before ? body : { ...current, active: false }
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? '')
