import type { CatalogueEntry } from '../ports.ts'

type Parts = Pick<CatalogueEntry, 'connection' | 'kind' | 'id' | 'scope'>

/**
 * The id under which clients see an entry of the catalogue: connection, kind, the vendor's id and, where it has one, the
 * scope. Readable, stable as long as the vendor's id is, and safe in a URL: other bytes than `A-Z a-z 0-9 _ -` are
 * written as a dot and two hexadecimal digits.
 */
export function entitlementId({ connection, kind, id, scope }: Parts): string {
  return [connection, kind, id, ...(scope ? [scope.level, scope.id] : [])].map(escaped).join('~')
}

function escaped(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/[^\w-]/g, (byte) => `.${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
