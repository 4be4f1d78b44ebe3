import { randomFillSync } from 'node:crypto'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Ids of ours are lower-case UUIDs; anything else names nothing. */
export const isId = (text: string): boolean => uuid.test(text)

/** Drawn for many ids at once: asking the system costs more than the rest of an id. */
const drawn = Buffer.alloc(16 * 256)
let used = drawn.length

/** UUID version 7 (RFC 9562 §5.7): ids that are made together lie together in an index. */
export function newId(now = Date.now()): string {
  if (used === drawn.length) {
    randomFillSync(drawn)
    used = 0
  }
  const bytes = drawn.subarray(used, (used += 16))
  bytes.writeUIntBE(now, 0, 6)
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
