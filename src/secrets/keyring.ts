import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { GatewayError } from '../model/errors.ts'
import type { MasterKey } from '../model/configuration.ts'

/** Where a sealed text belongs: it opens nowhere else. */
export interface Place {
  readonly connectionId: string
  /** Of the credentials. */
  readonly revision: number
  readonly destination: Destination
}

/** What decides whom credentials are sent to: every setting, so that none that does is forgotten. */
interface Destination {
  readonly directoryId: string
  readonly vendor: string
  readonly apiProfile: string
  readonly settings: Readonly<Record<string, unknown>>
}

export interface Sealed {
  /** Id of the key. */
  readonly key: string
  /** Form, nonce, tag, text. */
  readonly bytes: Uint8Array
}

export type Secrets = Readonly<Record<string, string>>

export interface Keyring {
  /** The first one seals. */
  readonly ids: readonly string[]
  /** Rejects with `MASTER_KEY_MISSING` where there is no key at all. */
  seal(place: Place, secrets: Secrets): Sealed
  /** Rejects with `MASTER_KEY_MISSING` or, when the text was not sealed with this key for this place, `MASTER_KEY_WRONG`. */
  open(place: Place, sealed: Sealed): Secrets
  /** The same for a text of a former release, which knows nothing of its destination: the caller answers for that. */
  openUnbound(place: Place, sealed: Sealed): Secrets
}

/** Whether a text was sealed by a release that did not bind it to its destination. */
export const isUnbound = ({ bytes }: Sealed): boolean => bytes[0] === unbound

const cipher = 'aes-256-gcm'
/** Says how the rest is to be read. */
const form = 2
const unbound = 1
const nonceBytes = 12
const tagBytes = 16
const headBytes = 1 + nonceBytes + tagBytes

/** Seals with AES-256-GCM; a nonce is random and used once. */
export function createKeyring(keys: readonly MasterKey[]): Keyring {
  const byId = new Map(keys.map((each) => [each.id, each.key]))
  function open({ key: id, bytes }: Sealed, wanted: number, aad: Buffer): Secrets {
    const key = byId.get(id)
    if (!key) throw missing(`credentials are sealed with the key ${id}`)
    if (bytes.length <= headBytes || bytes[0] !== wanted) throw wrong(id)
    const tag = bytes.subarray(1 + nonceBytes, headBytes)
    const opening = createDecipheriv(cipher, key, bytes.subarray(1, 1 + nonceBytes), {
      authTagLength: tagBytes,
    })
      .setAAD(aad)
      .setAuthTag(tag)
    try {
      const text = Buffer.concat([opening.update(bytes.subarray(headBytes)), opening.final()])
      return JSON.parse(text.toString('utf8')) as Secrets
    } catch {
      // What failed may quote the text.
      throw wrong(id)
    }
  }
  return {
    ids: keys.map(({ id }) => id),
    seal(place, secrets) {
      const [first] = keys
      if (!first) throw missing('credentials of a connection can be kept only sealed')
      const nonce = randomBytes(nonceBytes)
      const sealing = createCipheriv(cipher, first.key, nonce, { authTagLength: tagBytes }).setAAD(
        bound(place),
      )
      const text = Buffer.concat([sealing.update(JSON.stringify(secrets), 'utf8'), sealing.final()])
      return { key: first.id, bytes: Buffer.concat([Buffer.of(form), nonce, sealing.getAuthTag(), text]) }
    },
    open: (place, sealed) => open(sealed, form, bound(place)),
    openUnbound: (place, sealed) => open(sealed, unbound, boundTo(unbound, place)),
  }
}

const boundTo = (to: number, { connectionId, revision }: Omit<Place, 'destination'>): Buffer =>
  Buffer.from(`drawbridge credentials ${to}\0${connectionId.toLowerCase()}\0${revision}`)

const bound = ({ destination, ...place }: Place): Buffer =>
  Buffer.concat([boundTo(form, place), Buffer.from(`\0${canonical(destination)}`)])

/** The same text for the same JSON, whatever the order of its keys: the database keeps none. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )

const missing = (why: string): GatewayError =>
  new GatewayError('MASTER_KEY_MISSING', `${why}, and DRAWBRIDGE_MASTER_KEY does not hold it`)

const wrong = (id: string): GatewayError =>
  new GatewayError(
    'MASTER_KEY_WRONG',
    `credentials do not open with the key ${id}: DRAWBRIDGE_MASTER_KEY holds another key under this name, or the row was changed or moved since (vendor, directory, API profile, settings); enter the credentials again if the settings are right`,
  )
