import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { expiredCursor, invalidCursor } from '../errors.ts'
import type { Position } from '../ports.ts'

/** Where a list goes on. */
interface ListPlace {
  /** One for each resource type of the list; null: from its beginning. */
  readonly after: readonly (Position | null)[]
  readonly total: number
}

/** Cursors of RFC 9865: opaque, of one query of one directory, and of limited life. */
export interface Cursors {
  /** `query`: all that must stay the same from page to page. */
  seal(place: ListPlace, query: string): string
  /** Throws 400 `invalidCursor` or `expiredCursor`. */
  open(cursor: string, query: string): ListPlace
}

/** Changes with the form of what is sealed: cursors of another release are invalid, not misread. */
const form = 'drawbridge cursor 1'
const cipher = 'aes-256-gcm'
const [nonceBytes, tagBytes] = [12, 16]
const longest = 16_384

interface Sealed {
  readonly p: readonly (readonly [Position['key'], string, string] | null)[]
  readonly t: number
  /** Milliseconds since 1970. */
  readonly until: number
}

/**
 * Sealed, not only signed: positions hold userNames, which have no place in addresses and logs. Nothing is kept, so that
 * every process with the same secret can go on, also after a restart.
 */
export function createCursors(secret: Uint8Array, timeoutSeconds: number): Cursors {
  const key = createHash('sha256').update(form).update(secret).digest()
  const digest = (query: string) => createHash('sha256').update(query).digest()
  return {
    seal({ after, total }, query) {
      const sealed: Sealed = {
        p: after.map((at) => at && [at.key, at.created, at.id]),
        t: total,
        until: Date.now() + timeoutSeconds * 1000,
      }
      const nonce = randomBytes(nonceBytes)
      const encrypting = createCipheriv(cipher, key, nonce).setAAD(digest(query))
      const text = Buffer.concat([encrypting.update(JSON.stringify(sealed)), encrypting.final()])
      return Buffer.concat([nonce, encrypting.getAuthTag(), text]).toString('base64url')
    },
    open(cursor, query) {
      const sealed = unsealed(cursor, key, digest(query))
      if (sealed.until < Date.now()) {
        throw expiredCursor(
          `The cursor has expired: pages must follow each other within ${timeoutSeconds} seconds. Begin again with an empty cursor.`,
        )
      }
      const after = sealed.p.map((at) => at && { key: at[0], created: at[1], id: at[2] })
      return { after, total: sealed.t }
    },
  }
}

function unsealed(cursor: string, key: Uint8Array, query: Uint8Array): Sealed {
  const bytes = Buffer.from(cursor.length > longest ? '' : cursor, 'base64url')
  try {
    const nonce = bytes.subarray(0, nonceBytes)
    const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes)
    const decrypting = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(query)
    decrypting.setAuthTag(tag)
    const text = Buffer.concat([decrypting.update(bytes.subarray(nonceBytes + tagBytes)), decrypting.final()])
    return JSON.parse(text.toString()) as Sealed
  } catch (cause) {
    throw invalidCursor(
      'This cursor does not belong to this query. Send the nextCursor of the page before and change nothing else, or an empty cursor for the first page.',
      cause,
    )
  }
}
