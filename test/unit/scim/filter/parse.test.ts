import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Filter } from '../../../../src/scim/filter/ast.ts'
import { printFilter } from './print.ts'
import { parseFilter } from '../../../../src/scim/filter/parse.ts'
import { groupModel, userModel } from '../../../../src/scim/schema/model.ts'
import { refusal, thingModel } from '../every-type.ts'
import { processorMs } from '../../../support/processor-time.ts'
import '../../../support/prototypes.ts'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const core = 'urn:ietf:params:scim:schemas:core:2.0:User'

describe('parseFilter', () => {
  const readings: readonly [text: string, printed: string][] = [
    ['userName eq "a"', 'userName eq "a"'],
    ['USERNAME Eq "a"', 'userName eq "a"'],
    ['userName pr', 'userName pr'],
    ['not (userName pr)', 'not (userName pr)'],
    ['NOT(userName pr)', 'not (userName pr)'],
    ['userName pr and title pr or active eq true', 'userName pr and title pr or active eq true'],
    ['userName pr and (title pr or active eq true)', 'userName pr and (title pr or active eq true)'],
    ['((((userName eq "a"))))', 'userName eq "a"'],
    [
      'userName pr and (title pr and (active eq true or nickName pr))',
      'userName pr and (title pr and (active eq true or nickName pr))',
    ],
    [`${core}:userName eq "a"`, 'userName eq "a"'],
    [`${core.toUpperCase()}:NAME.familyname eq "a"`, 'name.familyName eq "a"'],
    [`${enterprise}:manager.value eq "7"`, `${enterprise}:manager.value eq "7"`],
    [`${enterprise}.department eq "Ops"`, `${enterprise}:department eq "Ops"`],
    [`${enterprise} pr`, `${enterprise} pr`],
    ['emails eq "a@b"', 'emails.value eq "a@b"'],
    ['emails pr', 'emails pr'],
    ['emails[type eq "work"]', 'emails[type eq "work"]'],
    ['emails[type eq "work" and value co "@x"]', 'emails[type eq "work" and value co "@x"]'],
    ['emails[type eq "work"].value eq "a@b"', 'emails[type eq "work" and value eq "a@b"]'],
    ['emails[not (type eq "work") or primary eq true]', 'emails[not (type eq "work") or primary eq true]'],
    ['schemas eq "urn:x"', 'not (id pr)'],
    [`schemas eq "${core.toUpperCase()}"`, 'id pr'],
    [`not (schemas sw "${enterprise}")`, `not (${enterprise} pr)`],
    ['schemas pr', 'id pr'],
    [
      'meta.lastModified ge "0001-01-03T00:00:00.0000000Z"',
      'meta.lastModified ge "0001-01-03T00:00:00.0000000Z"',
    ],
    ['userName eq "\\"\\\\\\u00e9\\n"', 'userName eq "\\"\\\\é\\n"'],
    ['userName eq null', 'userName eq null'],
    ['nosuch eq 1.5e1', 'nosuch eq 15'],
    ['nosuch eq -0', 'nosuch eq 0'],
    ['name[familyName eq "x"]', 'name[familyName eq "x"]'],
    ['nosuch[a eq 1]', 'nosuch[a eq 1]'],
    ['id eq "x]"', 'id eq "x]"'],
  ]
  for (const [text, printed] of readings) {
    test(`reads ${text}`, () => {
      assert.equal(printFilter(parseFilter(text, userModel)), printed)
    })
  }

  test('binds names to the schema', () => {
    assert.deepEqual(parseFilter('EMAILS.Value co "x"', userModel), {
      kind: 'compare',
      op: 'co',
      path: { names: ['emails', 'value'], type: 'string', caseExact: false, multiValued: true },
      value: 'x',
    } satisfies Filter)
    assert.deepEqual(parseFilter('members eq "7"', groupModel), {
      kind: 'compare',
      op: 'eq',
      path: { names: ['members', 'value'], type: 'string', caseExact: false, multiValued: true },
      value: '7',
    } satisfies Filter)
    assert.deepEqual(parseFilter('nosuch.part pr', userModel), {
      kind: 'present',
      path: { names: ['nosuch.part'], type: 'unknown', caseExact: false, multiValued: false },
    } satisfies Filter)
  })

  const refused: readonly string[] = [
    '',
    '   ',
    'userName',
    'userName eq',
    'userName eq "a',
    'userName xx "a"',
    'userName eq "a" and',
    'userName eq "a" userName',
    'userName eq "a" or or title pr',
    '(userName pr',
    'userName pr)',
    'userName pr pr',
    '"userName" eq "a"',
    'userName eq a',
    'userName eq ab"',
    'userName eq "\\x"',
    'userName eq (1)',
    'not userName pr',
    'eq "a"',
    'emails[type eq "work"',
    'emails[]',
    'emails[type eq "work"].',
    'emails[emails[type pr]]',
    'userName[value pr]',
    '__proto__.x eq "1"',
    '1userName eq "a"',
    'userName eq True',
    'userName eq 01',
    'userName eq 1e999',
    'active gt true',
    'active co "t"',
    'active sw "t"',
    'x509Certificates.value gt "a"',
    'x509Certificates.value co "a"',
    'profileUrl gt "a"',
    'name eq "x"',
    'addresses eq "x"',
    'meta eq "x"',
    'userName gt null',
    'userName co null',
    'meta.created gt "yesterday"',
    'password eq "x"',
    'password pr',
    `${enterprise} eq "x"`,
    'emails[type eq "work"].nosuch',
  ]
  for (const text of refused) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseFilter(text, userModel), refusal('invalidFilter'))
    })
  }

  test('refuses operators that a number has no use for', () => {
    for (const op of ['co', 'sw', 'ew']) {
      assert.throws(() => parseFilter(`count ${op} 1`, thingModel), refusal('invalidFilter', /type integer/))
    }
    assert.equal(printFilter(parseFilter('count gt 1', thingModel)), 'count gt 1')
  })

  test('refuses what is too long, too deep or has too many terms, at once', () => {
    const groups = (count: number) =>
      Array.from({ length: count }, () => '(title pr or active eq true)').join(' and ')
    const terms = (count: number) => Array.from({ length: count }, () => 'title pr').join(' or ')
    const nested = (depth: number) => `${'('.repeat(depth)}title pr${')'.repeat(depth)}`
    assert.doesNotThrow(() => parseFilter(nested(20), userModel))
    assert.doesNotThrow(() => parseFilter(terms(100), userModel))
    assert.doesNotThrow(() => parseFilter(groups(20), userModel))
    const hostile = [
      nested(21),
      '('.repeat(4000),
      '('.repeat(40_000),
      terms(101),
      groups(60),
      `title eq "${'a'.repeat(4096)}"`,
    ]
    hostile.push(
      'not ('.repeat(800),
      'emails['.repeat(500),
      '"'.repeat(4001),
      '\\'.repeat(4000),
      '+'.repeat(4000),
    )
    hostile.push(`userName eq "${'\\'.repeat(4000)}`, ' '.repeat(4000), `${'a.'.repeat(2000)} pr x`)
    for (const lenient of [true, false]) {
      for (const text of hostile) {
        const tookMs = processorMs(() =>
          assert.throws(() => parseFilter(text, userModel, { lenient }), refusal('invalidFilter')),
        )
        assert.ok(tookMs < 50, `${text.slice(0, 20)} took too long`)
      }
    }
  })
})

describe('parseFilter for lenient clients', () => {
  const readings: readonly [text: string, printed: string][] = [
    ['externalId eq jyoung', 'externalId eq "jyoung"'],
    ['externalId eq 12345', 'externalId eq "12345"'],
    ['userName eq a.b+c@d.example', 'userName eq "a.b+c@d.example"'],
    ['(externalId eq jyoung)', 'externalId eq "jyoung"'],
    ['userName+eq+"a+b"', 'userName eq "a+b"'],
    ['userName+eq+"a\\"+b"', 'userName eq "a\\"+b"'],
    ['userName eq "a+b"', 'userName eq "a+b"'],
    ['manager eq "7"', `${enterprise}:manager.value eq "7"`],
    ['department eq Ops', `${enterprise}:department eq "Ops"`],
    ['id eq "1" and manager eq "7"', `id eq "1" and ${enterprise}:manager.value eq "7"`],
    ['active eq "True"', 'active eq true'],
    ['active eq True', 'active eq true'],
    ['active eq "maybe"', 'active eq "maybe"'],
    ['emails[primary eq "TRUE"]', 'emails[primary eq true]'],
    ['(ActiVe eq true)', 'active eq true'],
    ['title eq null', 'title eq null'],
    ['title eq true', 'title eq "true"'],
  ]
  for (const [text, printed] of readings) {
    test(`reads ${text}`, () => {
      assert.equal(printFilter(parseFilter(text, userModel, { lenient: true })), printed)
    })
  }

  test('takes text for booleans only where that is switched on', () => {
    const strict = parseFilter('active eq "true"', userModel)
    assert.equal(strict.kind === 'compare' && strict.value, 'true')
    const okta = parseFilter('active eq "true"', userModel, { lenient: false, stringBooleans: true })
    assert.equal(okta.kind === 'compare' && okta.value, true)
  })

  test('does not find readOnly extensions by short names', () => {
    const filter = parseFilter('connections.status eq "proven"', userModel, { lenient: true })
    assert.equal(filter.kind === 'compare' && filter.path.type, 'unknown')
  })
})
