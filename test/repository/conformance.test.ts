import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { read, root } from './repository.ts'

interface Check {
  readonly id: string
  readonly state: string
  readonly why?: string
  readonly proof?: readonly string[]
}
interface Known {
  readonly suite: string
  readonly kind: string
  readonly checks: readonly string[]
  readonly clients?: readonly string[]
  readonly detail: string
  readonly reference: string
  readonly because: string
}
interface Verdict {
  readonly passed: number
  readonly failed: readonly { readonly check: string }[]
  readonly known: readonly { readonly check: string }[]
  readonly skipped: readonly unknown[]
  readonly used: ReadonlySet<unknown>
}
interface Tools {
  conformancePage(sections?: readonly object[]): { readonly problems: readonly string[] }
  judge(checks: readonly object[], entries: readonly object[], client: string): Verdict
}

// The tools are JavaScript without types.
const { conformancePage } = (await import(`${root}tools/conformance-page.mjs`)) as Tools
const { judge } = (await import(`${root}tools/suites/judge.mjs`)) as Tools

const proof = 'test/repository/conformance.test.ts: is proven by tests that exist'
const section = (...rows: readonly Check[]): readonly object[] => [{ title: 'Tried', ids: { ZZ: 2 }, rows }]
const good: readonly Check[] = [
  { id: 'ZZ-01', state: 'yes', proof: [proof] },
  { id: 'ZZ-02', state: 'later', why: 'Nobody needs it.' },
]

describe('the SCIM conformance', () => {
  it('is proven by tests that exist', () => {
    assert.deepEqual(conformancePage().problems, [])
    assert.deepEqual(conformancePage(section(...good)).problems, [])
  })

  const wrong: readonly (readonly [says: string, rows: readonly Check[], problem: RegExp])[] = [
    ['a check that is missing', good.slice(1), /ZZ-01 is missing/],
    ['a check beyond their number', [...good, { ...good[0]!, id: 'ZZ-03' }], /ZZ-03 is beyond/],
    ['a check that stands twice', [...good, good[1]!], /ZZ-02 stands twice/],
    ['a check without a test', [{ id: 'ZZ-01', state: 'yes' }, good[1]!], /ZZ-01: nothing proves it/],
    ['a choice without a reason', [{ ...good[0]!, state: 'by choice' }, good[1]!], /ZZ-01: needs a reason/],
    [
      'a test that is gone',
      [{ id: 'ZZ-01', state: 'yes', proof: [`${proof} no more`] }, good[1]!],
      /ZZ-01: no "is proven.* no more" in test/,
    ],
    [
      'a step that is not in the traffic',
      [{ id: 'ZZ-01', state: 'yes', proof: ['traffic: XX-999'] }, good[1]!],
      /ZZ-01: no "XX-999"/,
    ],
  ]
  for (const [says, rows, problem] of wrong) {
    it(`finds ${says}`, () => {
      const { problems } = conformancePage(section(...rows))
      assert.equal(problems.length, 1, problems.join('\n'))
      assert.match(problems[0]!, problem)
    })
  }
})

describe('known failures of other projects’ suites', () => {
  const known = JSON.parse(read('tools/suites/known.json')) as readonly Known[]

  it('each have checks, a reason and a reference', () => {
    assert.ok(known.length > 0)
    for (const { suite, kind, checks, detail, reference, because } of known) {
      assert.match(read(`tools/suites/${suite}.mjs`), new RegExp(`name: '${suite}'`))
      assert.ok(['wrong', 'choice'].includes(kind), kind)
      assert.ok(checks.length > 0 && because.length > 20, suite)
      assert.match(reference, /RFC \d{4} §/)
      assert.ok(new RegExp(detail).source.length > 5, detail)
    }
  })

  it('excuse the check they name, for its detail and client, and nothing else', () => {
    const entry = { checks: ['one'], clients: ['rfc'], detail: '^so$' }
    const failure = { check: 'one', outcome: 'failed', detail: 'so' }
    const excused = judge([failure], [entry], 'rfc')
    assert.deepEqual([excused.failed.length, excused.known.length, excused.used.has(entry)], [0, 1, true])
    for (const other of [
      { ...failure, check: 'two' },
      { ...failure, detail: 'so not' },
    ]) {
      assert.equal(judge([other], [entry], 'rfc').failed.length, 1)
    }
    assert.equal(judge([failure], [entry], 'auto').failed.length, 1)
    const rest = judge(
      [
        { check: 'a', outcome: 'passed' },
        { check: 'b', outcome: 'skipped' },
      ],
      [entry],
      'rfc',
    )
    assert.deepEqual([rest.passed, rest.skipped.length, rest.used.size], [1, 1, 0])
  })
})
