import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { loginOf, personOf, whyNoLogin } from '../../../src/translators/person.ts'
import { processorMs } from '../../support/processor-time.ts'

const primary = { value: 'Ada.Primary@corp.example', primary: true }
const work = { value: 'ada.work@corp.example', type: 'Work' }
const home = { value: 'ada@home.example', type: 'home' }

describe('loginOf', () => {
  const cases = [
    {
      when: 'userName is an e-mail address',
      resource: { userName: ' Ada@Corp.Example ', emails: [primary, work] },
      byUserName: 'ada@corp.example',
      byEmail: 'ada.primary@corp.example',
    },
    {
      when: 'userName belongs to a guest',
      resource: { userName: 'ada_partner.example#EXT#@tenant.example', emails: [work, primary] },
      byUserName: 'ada.primary@corp.example',
      byEmail: 'ada.primary@corp.example',
    },
    {
      when: 'userName is no e-mail address and no e-mail is primary',
      resource: { userName: 'ada', emails: [home, work] },
      byUserName: 'ada.work@corp.example',
      byEmail: 'ada.work@corp.example',
    },
    {
      when: 'the primary e-mail is none',
      resource: { userName: 'ada@corp.example', emails: [{ value: 'ada', primary: true }, work] },
      byUserName: 'ada@corp.example',
      byEmail: 'ada.work@corp.example',
    },
    {
      when: 'only userName is there',
      resource: { userName: 'ada@corp.example' },
      byUserName: 'ada@corp.example',
      byEmail: 'ada@corp.example',
    },
    {
      when: 'a private e-mail is the only one',
      resource: { userName: 'ada', emails: [home] },
      byUserName: 'ada@home.example',
      byEmail: 'ada@home.example',
    },
    {
      when: 'a private e-mail is the only one beside a userName',
      resource: { userName: 'ada@corp.example', emails: [home] },
      byUserName: 'ada@corp.example',
      byEmail: 'ada@corp.example',
    },
    {
      when: 'the only e-mail has no type',
      resource: { userName: 'adm.ada', emails: [{ value: 'Ada@corp.example' }] },
      byUserName: 'ada@corp.example',
      byEmail: 'ada@corp.example',
    },
    {
      when: 'there are several private e-mails',
      resource: { userName: 'ada', emails: [home, { ...home, value: 'ada@other.example' }] },
    },
    { when: 'nothing is there', resource: {} },
    { when: 'everything is of the wrong type', resource: { userName: 7, emails: { value: 'a@b.example' } } },
  ]
  for (const { when, resource, byUserName, byEmail } of cases) {
    it(`gives ${byUserName ?? 'nothing'}, or ${byEmail ?? 'nothing'} by e-mail, when ${when}`, () => {
      assert.equal(loginOf(resource, 'userName'), byUserName)
      assert.equal(loginOf(resource, 'email'), byEmail)
    })
  }

  const lacking: readonly (readonly [resource: Record<string, unknown>, lacks: RegExp])[] = [
    [{}, /: userName is empty; there are no emails\./],
    [{ userName: 'ada' }, /: userName "ada" is not an e-mail address; there are no emails\./],
    [
      { userName: 'ada_x#EXT#@t.example', emails: [] },
      /: userName "ada_x#EXT#@t.example" is the name of a guest/,
    ],
    [
      { userName: 'ada', emails: [{ value: 'a b', type: 'home' }] },
      /; the only e-mail "a b" is not an e-mail/,
    ],
    [
      { userName: 'ada', emails: [home, { ...home, value: 'b' }] },
      /; none of the 2 emails is primary or of type/,
    ],
    [{ userName: 'ada', emails: [{ value: '', primary: true }] }, /; the primary e-mail is empty\./],
    [
      {
        userName: 'ada',
        emails: [
          { value: 'x', primary: true },
          { value: 'y', type: 'work' },
        ],
      },
      /; the primary e-mail "x" is not an e-mail address; the work e-mail "y" is not an e-mail address\./,
    ],
    [{ userName: 'a'.repeat(300) }, /userName "a{100}…" is not/],
  ]
  for (const [resource, lacks] of lacking) {
    it(`says what lacks: ${lacks.source}`, () => {
      assert.equal(loginOf(resource, 'userName'), undefined)
      assert.match(whyNoLogin(resource, 'userName'), lacks)
    })
  }

  it('says what lacks in the order in which it was looked for', () => {
    assert.match(whyNoLogin({ userName: 'ada' }, 'email'), /: there are no emails; userName "ada" is not/)
  })

  const good = ['a@b.co', "o'neil+x@corp.example", 'jürgen@bücher.example', 'a.b@x-y.z9.example']
  const bad = [
    'a',
    '@b.co',
    'a@',
    'a@b',
    'a@@b.co',
    'a b@c.de',
    'a@b..c',
    'a@b.c d',
    '"a"@b.co',
    'a@b.co\n',
    'a\\b@c.de',
  ]
  for (const text of good)
    it(`takes ${text} for an e-mail address`, () =>
      assert.equal(loginOf({ userName: text }, 'userName'), text))
  for (const text of bad.filter((each) => each.trim() === each)) {
    it(`does not take ${text} for an e-mail address`, () =>
      assert.equal(loginOf({ userName: text }, 'userName'), undefined))
  }

  it('decides on hostile text in no time', () => {
    const texts = ['a'.repeat(1e6), `${'a.'.repeat(5e5)}@b.co`, `a@${'b.'.repeat(5e5)}`, '@'.repeat(1e6)]
    const tookMs = processorMs(() => {
      for (const text of texts) assert.equal(loginOf({ userName: text }, 'userName'), undefined)
    })
    assert.ok(tookMs < 500)
  })

  it('is lower-cased, trimmed and its own login', () => {
    fc.assert(
      fc.property(
        fc.emailAddress(),
        fc.constantFrom('userName' as const, 'email' as const),
        (address, order) => {
          const login = loginOf({ userName: ` ${address.toUpperCase()} ` }, order)
          if (login === undefined) return
          assert.equal(login, address.toLowerCase())
          assert.equal(loginOf({ userName: login }, order), login)
        },
      ),
    )
  })
})

describe('personOf', () => {
  it('keeps what vendors can hold, under the SCIM names', () => {
    const resource = {
      userName: 'ada',
      active: true,
      name: { givenName: ' Ada ', familyName: 'Lovelace', formatted: 'Countess' },
      displayName: '',
      emails: [primary],
    }
    const groups = [{ id: 'g', displayName: 'Core' }]
    assert.deepEqual(personOf(resource, groups, 'userName'), {
      login: 'ada.primary@corp.example',
      active: true,
      profile: {
        userName: 'ada',
        email: 'ada.primary@corp.example',
        givenName: 'Ada',
        familyName: 'Lovelace',
      },
      formattedName: 'Countess',
      groups,
    })
  })

  it('keeps the primary e-mail beside a login that is another one, and a locale that has a region', () => {
    const resource = { userName: 'ada@corp.example', emails: [primary], locale: 'de_de' }
    const { login, profile } = personOf(resource, [], 'userName') ?? {}
    assert.deepEqual(
      [login, profile?.email, profile?.locale],
      ['ada@corp.example', 'ada.primary@corp.example', 'de-DE'],
    )
    assert.equal(personOf({ ...resource, locale: 'de' }, [], 'userName')?.profile.locale, undefined)
    assert.equal(personOf({ userName: 'a@b.co' }, [], 'userName')?.profile.email, 'a@b.co')
  })

  it('gives nobody without a login', () => {
    assert.equal(personOf({ userName: 'ada', name: 'x' }, [], 'userName'), undefined)
  })

  it('takes an absent active for true and false for false', () => {
    assert.equal(personOf({ userName: 'a@b.co' }, [], 'userName')?.active, true)
    assert.equal(personOf({ userName: 'a@b.co', active: false }, [], 'userName')?.active, false)
  })
})
