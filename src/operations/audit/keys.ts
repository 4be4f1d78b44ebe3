import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { MasterKey } from '../../model/configuration.ts'

/** Keys that are not in the database: who can write there alone cannot make what they vouch for. */
export interface AuditKeys {
  /** Whether there is a key at all; without one nothing is vouched for. */
  readonly held: boolean
  /** `<key id>:<hex>`, with the first key; null without one. */
  sign(text: string): string | null
  /** False also for what was signed with a key that is not held. */
  vouches(text: string, mac: string | null | undefined): boolean
}

/** Derived from the master keys, so that there is one thing to keep and to rotate. */
export function createAuditKeys(masterKeys: readonly MasterKey[]): AuditKeys {
  const keys = masterKeys.map(({ id, key }) => ({
    id,
    key: Buffer.from(hkdfSync('sha256', key, '', 'drawbridge audit', 32)),
  }))
  const macOf = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
  return {
    held: keys.length > 0,
    sign(text) {
      const [first] = keys
      return first ? `${first.id}:${macOf(first.key, text).toString('hex')}` : null
    },
    vouches(text, mac) {
      const [, id = '', hex = ''] = /^(.*):([0-9a-f]{64})$/.exec(mac ?? '') ?? []
      const known = keys.find((each) => each.id === id)
      return known !== undefined && timingSafeEqual(macOf(known.key, text), Buffer.from(hex, 'hex'))
    },
  }
}

export const noAuditKeys: AuditKeys = createAuditKeys([])
