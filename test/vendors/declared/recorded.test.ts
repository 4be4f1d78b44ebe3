import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { Account } from '../../../src/model/account.ts'
import type { Failure } from '../../../src/model/errors.ts'
import { vendors } from '../../../src/vendors/registry.ts'
import { readAs } from '../../../src/vendors/kit/shape.ts'
import { classifierOf, declarationOf } from '../../../src/vendors/rest/define.ts'
import { accountShape, at, replyShape } from '../../../src/vendors/rest/fields.ts'
import type { AnyEndpointName, RestVendor } from '../../../src/vendors/rest/model.ts'
import { toAccount } from '../../../src/vendors/rest/target.ts'

/** An answer as something public of the vendor shows it, with what it must be read as. */
interface Recorded {
  readonly of: AnyEndpointName
  readonly status?: number
  /** Of the call. */
  readonly path?: string
  readonly body?: unknown
  /** A body that is no JSON. */
  readonly text?: string
  readonly account?: Account
  readonly failure?: Failure
}

function check(
  declared: RestVendor,
  { of, status = 200, path = '', body, text, account, failure }: Recorded,
): void {
  const reply = { status, headers: {}, body: text ?? body, readable: text === undefined }
  assert.equal(classifierOf(declared.errors, of)(reply, { method: 'GET', path, pathClass: '' }), failure)
  if (!account) return
  const { at: place, partial } = declared.endpoints[of]!
  const read = readAs(replyShape(place, accountShape(declared.account, partial === true)), body)
  assert.ok(read.ok, JSON.stringify(read))
  assert.deepEqual(read.deviations, [])
  const book = { entitlements: [], everybody: { role: [], group: [] } }
  assert.deepEqual(toAccount(declared, at(read.value, place), book), account)
}

describe('answers that the vendors publish', () => {
  for (const vendor of vendors) {
    const declared = declarationOf(vendor)
    if (!declared) continue
    const file = new URL(`${vendor.id}.json`, import.meta.url)
    const { source, answers } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly source: string
      readonly answers: readonly Recorded[]
    }
    for (const [index, answer] of answers.entries()) {
      const { of, status = 200, failure = 'an account' } = answer
      it(`${vendor.name} ${index + 1}: ${status} of ${of} is ${failure}`, () => {
        assert.match(source, /20\d\d-\d\d-\d\d/)
        check(declared, answer)
      })
    }
  }
})
