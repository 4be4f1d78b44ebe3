import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answer, answerTo, type RecordedWrite } from '../../../src/scim/answer.ts'
import type { AccountOutcome } from '../../../src/scim/ports.ts'
import type { ClientProfile } from '../../../src/model/directory.ts'

const proven: AccountOutcome = {
  connection: 'falcon',
  state: 'proven',
  mayExist: true,
  pendingShutOut: 'retry',
}
const pending: AccountOutcome = { ...proven, state: 'pending', detail: 'HTTP 502', retryAfter: 7.2 }
const accepted: AccountOutcome = { ...pending, pendingShutOut: 'accept' }
const refused: AccountOutcome = { ...proven, state: 'refused', detail: 'protected' }
const neverThere: AccountOutcome = { ...refused, detail: 'bad e-mail', mayExist: false }

const joiner: RecordedWrite = { kind: 'create', active: true }
const mover: RecordedWrite = { kind: 'update', active: true }
const leaver: RecordedWrite = { kind: 'update', active: false }
const gone: RecordedWrite = { kind: 'delete' }

interface Row {
  readonly says: string
  readonly write: RecordedWrite
  readonly outcomes: readonly AccountOutcome[]
  readonly clients?: readonly ClientProfile[]
  readonly expected: Partial<Answer>
}

const everyClient: readonly ClientProfile[] = ['auto', 'okta', 'entra', 'rfc']

const rows: readonly Row[] = [
  { says: 'a create without connections', write: joiner, outcomes: [], expected: { status: 201 } },
  { says: 'a proven create', write: joiner, outcomes: [proven], expected: { status: 201 } },
  { says: 'a pending create, never 503', write: joiner, outcomes: [pending], expected: { status: 201 } },
  {
    says: 'a create that every connection refused for good',
    write: joiner,
    outcomes: [neverThere, { ...neverThere, connection: 'sentry' }],
    expected: {
      status: 400,
      takeBack: true,
      detail: 'falcon: bad e-mail; sentry: bad e-mail',
      scimType: 'invalidValue',
    },
  },
  {
    says: 'a create refused where an account may exist',
    write: joiner,
    outcomes: [neverThere, refused],
    expected: { status: 201 },
  },
  {
    says: 'a create refused by one connection of two',
    write: joiner,
    outcomes: [neverThere, proven],
    expected: { status: 201 },
  },
  {
    says: 'a create refused by one, pending at the other',
    write: joiner,
    outcomes: [neverThere, pending],
    expected: { status: 201 },
  },
  {
    says: 'an inactive create that is refused',
    write: { kind: 'create', active: false },
    outcomes: [neverThere],
    expected: { status: 201 },
  },
  { says: 'a proven update', write: mover, outcomes: [proven], expected: { status: 200 } },
  { says: 'a pending update', write: mover, outcomes: [pending], expected: { status: 200 } },
  {
    says: 'an update refused for good, to clients that go on after it',
    write: mover,
    outcomes: [proven, refused],
    clients: ['entra', 'rfc'],
    expected: { status: 400, scimType: 'invalidValue', detail: 'falcon: protected' },
  },
  {
    says: 'an update refused for good, to clients that would stop sending',
    write: mover,
    outcomes: [refused],
    clients: ['okta', 'auto'],
    expected: { status: 200 },
  },
  { says: 'a shut-out without accounts', write: leaver, outcomes: [], expected: { status: 200 } },
  {
    says: 'a shut-out proven everywhere',
    write: leaver,
    outcomes: [proven, proven],
    expected: { status: 200 },
  },
  {
    says: 'a pending shut-out under retry',
    write: leaver,
    outcomes: [proven, pending],
    expected: { status: 503, retryAfter: 8, detail: 'falcon: HTTP 502' },
  },
  { says: 'a pending shut-out under accept', write: leaver, outcomes: [accepted], expected: { status: 200 } },
  {
    says: 'a shut-out refused for good',
    write: leaver,
    outcomes: [refused],
    expected: { status: 400, detail: 'falcon: protected', scimType: 'mutability' },
  },
  {
    says: 'a shut-out refused at one and pending at another: 503 over 4xx',
    write: leaver,
    outcomes: [refused, pending],
    expected: { status: 503, retryAfter: 8 },
  },
  {
    says: 'a shut-out refused at one and accepted at another: 4xx over 2xx',
    write: leaver,
    outcomes: [accepted, refused],
    expected: { status: 400 },
  },
  { says: 'a delete without accounts', write: gone, outcomes: [], expected: { status: 204 } },
  { says: 'a proven delete', write: gone, outcomes: [proven], expected: { status: 204 } },
  {
    says: 'a pending delete under retry',
    write: gone,
    outcomes: [pending, proven],
    expected: { status: 503, retryAfter: 8, detail: 'falcon: HTTP 502' },
  },
  { says: 'a pending delete under accept', write: gone, outcomes: [accepted], expected: { status: 204 } },
  {
    says: 'a delete refused for good',
    write: gone,
    outcomes: [refused],
    expected: { status: 400, detail: 'falcon: protected' },
  },
  {
    says: 'a delete refused at one and pending at another',
    write: gone,
    outcomes: [refused, pending],
    expected: { status: 503 },
  },
]

describe('the answer to a recorded write', () => {
  for (const { says, write, outcomes, clients = everyClient, expected } of rows) {
    for (const client of clients) {
      // Okta asks again by itself after 429 only.
      const again = client === 'okta' ? 429 : 503
      const status = expected.status === 503 ? again : expected.status
      it(`is ${status} for ${says} (${client})`, () => {
        const answer = answerTo(write, client, outcomes)
        for (const [key, value] of Object.entries({ ...expected, status }))
          assert.equal(answer[key as keyof Answer], value, key)
        assert.equal(answer.retryAfter !== undefined, answer.status === again)
        assert.equal(answer.detail !== undefined, answer.status >= 400)
        assert.equal(answer.takeBack ?? false, expected.takeBack ?? false)
      })
    }
  }

  it('always names a whole number of seconds between 1 and 300', () => {
    const waits: readonly (readonly [number | undefined, number])[] = [
      [undefined, 30],
      [0, 1],
      [0.2, 1],
      [61.5, 62],
      [9000, 300],
    ]
    for (const [seconds, expected] of waits) {
      const { retryAfter: _, ...without } = pending
      const outcome: AccountOutcome = seconds === undefined ? without : { ...without, retryAfter: seconds }
      assert.equal(answerTo(leaver, 'okta', [outcome]).retryAfter, expected)
    }
  })

  it('says something even where no outcome has words', () => {
    const { detail: _, ...silent } = refused
    assert.equal(answerTo(gone, 'okta', [silent]).detail, 'falcon: access cannot be ended')
  })
})
