import assert from 'node:assert/strict'
import { after, afterEach } from 'node:test'

/**
 * Imported by everything that sends requests: whatever a test sends, the prototypes that all objects share must come out
 * as they went in. Looked at after each test of a file, and once more at its end.
 */
const shared = { Object, Array, String, Number, Boolean, Function, Map, Set, Promise, Error }

const snapshot = (): Readonly<Record<string, readonly (string | symbol | undefined)[]>> =>
  Object.fromEntries(
    Object.entries(shared).map(([name, { prototype }]) => [
      name,
      Reflect.ownKeys(prototype).toSorted(bySpelling),
    ]),
  )

const bySpelling = (a: string | symbol, b: string | symbol): number => (String(a) < String(b) ? -1 : 1)

const values = (): readonly unknown[] =>
  Reflect.ownKeys(Object.prototype).map((key) => Object.getOwnPropertyDescriptor(Object.prototype, key))

const keysBefore = snapshot()
const valuesBefore = values()

export function assertPrototypesUntouched(): void {
  assert.deepEqual(snapshot(), keysBefore)
  assert.deepEqual(values(), valuesBefore)
}

afterEach(assertPrototypesUntouched)
after(assertPrototypesUntouched)
