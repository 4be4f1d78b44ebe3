import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { TestContext } from 'node:test'
import { parseMasterKeys } from '../../src/secrets/keys.ts'
import type { MasterKey } from '../../src/model/configuration.ts'

/** How many characters in a row give a secret away; hints show fewer. */
const tellTale = 12
const heardOnly = 'on the wire'

export interface Secrets {
  /** A new one, recognisable in any text. */
  make(name: string, prefix?: string): string
  add(name: string, value: string): void
  /** Names of all secrets that a text holds, plain or in an encoding, whole or in part. */
  foundIn(text: string): readonly string[]
  readonly names: readonly string[]
  /** The values whose name begins so. */
  valuesOf(name: string): readonly string[]
}

export function createSecrets(): Secrets {
  const values = new Map<string, string>()
  const add = (name: string, value: string): void => {
    // What only went by is named better by who knows what it was.
    if (value.length >= tellTale && (values.get(value) ?? heardOnly).endsWith(heardOnly))
      values.set(value, name)
  }
  return {
    make(name, prefix = '') {
      const value = prefix + randomBytes(20).toString('hex')
      add(name, value)
      return value
    },
    add,
    foundIn(text) {
      const lower = text.toLowerCase()
      return [
        ...new Set(
          [...values].flatMap(([value, name]) =>
            formsOf(value).some((form) => lower.includes(form)) ? [name] : [],
          ),
        ),
      ]
    },
    get names() {
      return [...new Set(values.values())]
    },
    valuesOf: (name) => [...values].flatMap(([value, each]) => (each.startsWith(name) ? [value] : [])),
  }
}

/** Lower case. Pieces, so that a text that was cut off within a secret still tells. */
function formsOf(value: string): readonly string[] {
  // What all tokens of a kind begin with is no secret.
  const random = /[0-9a-f]{40}$/.exec(value)?.[0] ?? value.replace(/^(drawbridge_[a-z]+_|simulated[-.])/, '')
  const whole = [random, encodeURIComponent(random), JSON.stringify(random).slice(1, -1)]
  const pieces = [...whole, Buffer.from(random).toString('hex')].flatMap(cut)
  // What stands before it in what is encoded moves the letters.
  const encoded = [0, 1, 2].flatMap((before) => {
    const text = Buffer.from(`${'x'.repeat(before)}${random}`)
      .toString('base64')
      .replaceAll('=', '')
    return text.slice(before === 0 ? 0 : 4, -2)
  })
  // Ids of simulators are mostly zeros.
  return [...pieces.filter((piece) => new Set(piece).size > 5), ...encoded].map((form) => form.toLowerCase())
}

function cut(text: string): readonly string[] {
  const step = Math.floor(tellTale / 2)
  const starts = Array.from(
    { length: Math.floor((text.length - tellTale) / step) + 1 },
    (_, index) => index * step,
  )
  return starts.map((start) => text.slice(start, start + tellTale))
}

const secretKey = /token|secret|password|invite_link/i

interface Sending {
  readonly origin: string
  readonly headers: readonly string[] | string
  readonly body: unknown
}

/** Every secret that leaves this process by HTTP is one of the run, also those that nobody here made: passwords, issued tokens. */
export function learnFromTheWire(t: TestContext, secrets: Secrets): void {
  const heard = (message: unknown): void => {
    const { origin, headers, body } = (message as { request: Sending }).request
    const flat = typeof headers === 'string' ? headers.split(/\r\n|: /) : headers
    flat.forEach((name, index) => {
      if (String(name).toLowerCase() !== 'authorization') return
      const [, credential = ''] = String(flat[index + 1]).split(' ')
      if (!credential.startsWith('wrong')) secrets.add(`credential ${heardOnly}`, credential)
    })
    if (typeof body !== 'string' && !(body instanceof Uint8Array)) return
    const text = Buffer.from(body as Uint8Array).toString('utf8')
    for (const [name, value] of leaves(parsed(text)))
      if (secretKey.test(name)) secrets.add(`${name} to ${origin} ${heardOnly}`, value)
  }
  subscribe('undici:request:create', heard)
  t.after(() => unsubscribe('undici:request:create', heard))
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return /^[\w.-]+=[^\s{}"]*$/.test(body) ? Object.fromEntries(new URLSearchParams(body)) : undefined
  }
}

function leaves(value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, each]) =>
    typeof each === 'string' ? [[name, each] as const] : leaves(each),
  )
}

/** A master key of the run. */
export function masterKeysOf(secrets: Secrets): readonly MasterKey[] {
  const bytes = randomBytes(32)
  for (const form of ['base64', 'hex'] as const) secrets.add('master key', bytes.toString(form))
  const parsed = parseMasterKeys(`2026:${bytes.toString('base64')}`, () => '')
  assert.ok('keys' in parsed)
  return parsed.keys
}
