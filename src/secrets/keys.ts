import { createSecretKey, hash } from 'node:crypto'
import type { MasterKey } from '../model/configuration.ts'

/** The form of `DRAWBRIDGE_MASTER_KEY`, for people. */
export const masterKeyForm =
  '32 bytes in base64 (openssl rand -base64 32); or several of them, separated by commas, each with a name in front if you like, as in 2026:<base64>; or file:/path of a file that holds the same'

const keyBytes = 32
const idPattern = /^[A-Za-z0-9._-]{1,32}$/

/** Keys in the order of the list: the first seals, all open. Rejects what is no key with words that hold nothing of it. */
export function parseMasterKeys(
  text: string,
  readFile: (path: string) => string,
): { readonly keys: readonly MasterKey[] } | { readonly fault: string } {
  const list = contentOf(text, readFile)
  if (list === undefined) return { fault: 'names a file that cannot be read' }
  const keys: MasterKey[] = []
  for (const [index, entry] of list
    .split(/[,\n]/)
    .map((each) => each.trim())
    .filter(Boolean)
    .entries()) {
    const colon = entry.indexOf(':')
    const named = colon < 0 ? undefined : entry.slice(0, colon)
    const bytes = bytesOf(entry.slice(colon + 1))
    if (!bytes) return { fault: `does not hold 32 bytes in base64 as key ${index + 1}` }
    if (named !== undefined && !idPattern.test(named))
      return { fault: `gives key ${index + 1} an unusable name` }
    const id = named ?? hash('sha256', Buffer.concat([Buffer.from('drawbridge key id\0'), bytes])).slice(0, 8)
    const key = createSecretKey(bytes)
    if (keys.some((other) => other.id === id)) return { fault: `gives two keys the name ${id}` }
    if (keys.some((other) => other.key.equals(key)))
      return { fault: `names the same key twice (key ${index + 1})` }
    keys.push({ id, key })
  }
  return keys.length > 0 ? { keys } : { fault: 'holds no key' }
}

function contentOf(text: string, readFile: (path: string) => string): string | undefined {
  if (!text.startsWith('file:')) return text
  try {
    return readFile(text.slice('file:'.length))
  } catch {
    return undefined
  }
}

function bytesOf(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === keyBytes ? bytes : undefined
}
