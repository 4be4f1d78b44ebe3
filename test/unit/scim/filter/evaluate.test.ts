import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { matches } from '../../../../src/scim/filter/evaluate.ts'
import { parseFilter } from '../../../../src/scim/filter/parse.ts'
import { userModel } from '../../../../src/scim/schema/model.ts'
import { thingModel } from '../every-type.ts'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

const ada = {
  schemas: [userModel.schema, enterprise],
  id: 'Id-1',
  externalId: 'Ext-1',
  userName: 'Ada@Example.com',
  name: { familyName: 'Lovelace', givenName: 'Ada' },
  nickName: '',
  active: true,
  emails: [
    { value: 'ada@example.com', type: 'work', primary: true },
    { value: 'home@ada.example', type: 'home' },
  ],
  profileUrl: 'https://Example.com/Ada',
  roles: [],
  x509Certificates: [{ value: 'QUJD' }],
  [enterprise]: { department: 'R&D', manager: { value: 'M-1' } },
  meta: {
    resourceType: 'User',
    created: '2026-01-01T00:00:00.000Z',
    lastModified: '2026-06-30T12:00:00.500Z',
    version: 'W/"3"',
  },
}

type Row = readonly [filter: string, expected: boolean]

const rows: Readonly<Record<string, readonly Row[]>> = {
  'compares text by the letter case of the attribute': [
    ['userName eq "ada@example.COM"', true],
    ['userName eq "ada"', false],
    ['userName co "@EXAMPLE"', true],
    ['userName sw "ADA"', true],
    ['userName ew ".com"', true],
    ['userName ne "ada@example.com"', false],
    ['userName ne "x"', true],
    ['userName gt "ACA"', true],
    ['userName lt "b"', true],
    ['userName ge "ada@example.com"', true],
    ['userName le "ADA@example.com"', true],
    ['userName gt "ada@example.com"', false],
    ['id eq "Id-1"', true],
    ['id eq "id-1"', false],
    ['externalId eq "ext-1"', false],
    ['externalId sw "Ext"', true],
    ['profileUrl eq "https://example.com/Ada"', false],
    ['profileUrl co "Example"', true],
    ['x509Certificates.value eq "QUJD"', true],
    ['x509Certificates.value eq "qujd"', false],
    ['meta.version eq "W/\\"3\\""', true],
  ],
  'knows what is present': [
    ['userName pr', true],
    ['nickName pr', false],
    ['title pr', false],
    ['roles pr', false],
    ['emails pr', true],
    ['emails.display pr', false],
    ['name pr', true],
    ['name.middleName pr', false],
    ['active pr', true],
    [`${enterprise} pr`, true],
    [`${enterprise}:manager pr`, true],
    ['nosuch pr', false],
  ],
  'takes null for absent': [
    ['title eq null', true],
    ['title ne null', false],
    ['userName eq null', false],
    ['userName ne null', true],
    ['roles eq null', true],
    ['title eq "x"', false],
    ['title ne "x"', true],
    ['not (title eq "x")', true],
    ['title gt "a"', false],
    ['roles.value ne "x"', true],
  ],
  'lets one of several values decide': [
    ['emails eq "HOME@ada.example"', true],
    ['emails.type eq "other"', false],
    ['emails co "example"', true],
    ['emails.type ne "work"', true],
    ['not (emails.type eq "work")', false],
    ['schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"', true],
  ],
  'wants one element to satisfy the brackets': [
    ['emails[type eq "work" and value co "home"]', false],
    ['emails[type eq "home" and value co "home"]', true],
    ['emails[type eq "WORK"].value eq "ada@example.com"', true],
    ['emails[type eq "home"].value eq "ada@example.com"', false],
    ['emails[not (primary eq true)]', true],
    ['emails[primary eq false]', false],
    ['emails[nosuch eq 1]', false],
    ['name[familyName eq "lovelace"]', true],
    ['nosuch[type pr]', false],
    ['roles[value pr]', false],
  ],
  'compares booleans, and nothing else with them': [
    ['active eq true', true],
    ['active ne true', false],
    ['active eq false', false],
    ['active eq "true"', false],
    ['active eq 1', false],
    ['userName eq 1', false],
    ['userName eq true', false],
  ],
  'compares instants': [
    ['meta.created eq "2026-01-01T00:00:00Z"', true],
    ['meta.created eq "2026-01-01T01:00:00.0000+01:00"', true],
    ['meta.created ne "2026-01-01T00:00:00Z"', false],
    ['meta.lastModified gt "2026-06-30T12:00:00.499999999Z"', true],
    ['meta.lastModified gt "2026-06-30T12:00:00.5Z"', false],
    [
      'meta.lastModified ge "0001-01-03T00:00:00.0000000Z" and meta.lastModified le "9999-12-31T23:59:59Z"',
      true,
    ],
    ['meta.lastModified lt "2026-06-30T12:00:00.500000001Z"', true],
    ['meta.created sw "2026-01"', true],
    ['meta.created eq "soon"', false],
  ],
  'gives false for attributes that no schema has': [
    ['nosuch eq "x"', false],
    ['nosuch ne "x"', false],
    ['not (nosuch eq "x")', true],
    ['constructor pr', false],
    ['toString ne "x"', false],
    ['constructor.prototype eq "x"', false],
  ],
  'joins terms, and before or': [
    ['active eq true and userName pr', true],
    ['active eq false and userName pr or id pr', true],
    ['active eq false and (userName pr or id pr)', false],
    ['(active eq true or title pr) and not (title pr)', true],
    ['not (active eq true and title pr)', true],
    ['not (active eq true or title pr)', false],
  ],
  'reads extensions': [
    [`${enterprise}:department eq "r&d"`, true],
    [`${enterprise}:manager.value eq "m-1"`, true],
    [`${enterprise}:costCenter pr`, false],
  ],
}

describe('matches', () => {
  for (const [title, cases] of Object.entries(rows)) {
    test(title, () => {
      for (const [filter, expected] of cases) {
        assert.equal(matches(parseFilter(filter, userModel), ada), expected, filter)
      }
    })
  }

  test('compares numbers, and simple values in brackets', () => {
    const thing = {
      text: 'x',
      count: 3,
      ratio: 0.5,
      numbers: [1, 5],
      words: ['One', 'two'],
      moment: '2026-01-01T00:00:00Z',
    }
    const cases: readonly Row[] = [
      ['count eq 3.0', true],
      ['count gt 2', true],
      ['count le 2', false],
      ['ratio lt 1', true],
      ['numbers gt 4', true],
      ['numbers lt 1', false],
      ['words eq "ONE"', true],
      ['words[value eq "TWO"]', true],
      ['numbers[value gt 1 and value lt 4]', false],
      ['count eq "3"', false],
      ['count gt "2"', false],
      ['moment gt "2025-12-31T23:59:59-00:30"', false],
    ]
    for (const [filter, expected] of cases)
      assert.equal(matches(parseFilter(filter, thingModel), thing), expected, filter)
  })

  test('orders text by code points, so that emoji come after every other character', () => {
    assert.equal(matches(parseFilter('text gt "\uffff"', thingModel), { text: '\u{1f600}' }), true)
    assert.equal(matches(parseFilter('text lt "\u{1f601}"', thingModel), { text: '\u{1f600}' }), true)
  })
})
