import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Reply } from '../../../../src/vendors/kit/http.ts'
import { readAs } from '../../../../src/vendors/kit/shape.ts'
import { vendors } from '../../../../src/vendors/registry.ts'
import { classifierOf, declarationOf } from '../../../../src/vendors/rest/define.ts'
import { accountShape, textOf, valuesAt } from '../../../../src/vendors/rest/fields.ts'
import type { AccountMapping, ErrorRule } from '../../../../src/vendors/rest/model.ts'
import { render, renderPath } from '../../../../src/vendors/rest/template.ts'

const reply = (status: number, body: unknown, readable = true): Reply => ({
  status,
  headers: {},
  body,
  readable,
})

describe('a declaration', () => {
  for (const vendor of vendors) {
    const declared = declarationOf(vendor)
    if (!declared) continue
    it(`of ${vendor.name} is JSON, and names only endpoints that it has`, () => {
      assert.deepEqual(JSON.parse(JSON.stringify(declared)), declared)
      const named = declared.errors.flatMap(({ of = [] }) => of)
      assert.deepEqual(
        named.filter((name) => !(name in declared.endpoints)),
        [],
      )
    })
  }
})

describe('a template', () => {
  const known = { id: 'a/b', login: 'ada@x', group: ['1', '2'], cleared: null, change: { to: 'x' } }
  for (const [template, result] of [
    ['{login}', 'ada@x'],
    ['to {change.to}', 'to x'],
    [
      { kept: '{login}', left: '{unknown}', cleared: '{cleared}' },
      { kept: 'ada@x', cleared: null },
    ],
    [{ each: 'group', as: { id: '{each:integer}' } }, [{ id: 1 }, { id: 2 }]],
    [
      [{ a: true }, 3],
      [{ a: true }, 3],
    ],
  ] as const) {
    it(`${JSON.stringify(template)} becomes ${JSON.stringify(result)}`, () => {
      assert.deepEqual(render(template, known), result)
    })
  }

  it('puts ids into paths as one segment', () => {
    assert.equal(renderPath('user/{id}/x', known), 'user/a%2Fb/x')
  })
})

describe('a field', () => {
  it('is found along its path, in every entry of a list, and told as text', () => {
    const body = { user: { id: 7 }, roles: [{ id: 'a' }, { id: 'b' }], at: 1_700_000_000 }
    assert.equal(textOf(body, 'user.id:integer'), '7')
    assert.deepEqual(valuesAt(body, ['roles', '*', 'id']), ['a', 'b'])
    assert.equal(textOf(body, 'at:epoch'), '2023-11-14T22:13:20.000Z')
    assert.equal(textOf(body, 'nowhere.at.all'), undefined)
  })
})

describe('the shape of an account', () => {
  const mapping: AccountMapping = {
    id: 'id:id',
    login: 'user.email',
    profile: { givenName: 'user.first' },
    state: [{ at: 'active', is: false, means: 'disabled' }],
    holds: [{ kind: 'role', each: 'roles', of: 'id' }],
  }
  const ada = { id: 'a', user: { email: 'a@x', first: 'Ada' }, active: true, roles: [{ id: 'r' }] }
  const whole = accountShape(mapping, false)

  it('is strict on who somebody is, what they hold and how they stand', () => {
    assert.equal(readAs(whole, ada).ok, true)
    for (const odd of [
      { ...ada, id: '' },
      { ...ada, user: { first: 'Ada' } },
      { ...ada, active: 'no' },
      { ...ada, active: undefined },
      { ...ada, roles: null },
      { ...ada, roles: [{ name: 'r' }] },
    ])
      assert.equal(readAs(whole, odd).ok, false, JSON.stringify(odd))
  })

  it('is lenient on everything else, and tells it', () => {
    const read = readAs(whole, { ...ada, user: { email: 'a@x', first: 3 } })
    assert.ok(read.ok)
    assert.deepEqual(read.deviations, ['/user/first'])
  })

  it('asks nothing of what is held where a list does not tell it', () => {
    assert.equal(readAs(accountShape(mapping, true), { ...ada, roles: undefined }).ok, true)
  })
})

describe('error rules', () => {
  const rules: readonly ErrorRule[] = [
    { status: 400, at: 'errors.*.code', code: 1010, means: 'conflict' },
    { status: 400, says: ['No Seat Left'], means: 'quota' },
    { status: 400, says: ['is active'], of: ['on'], means: 'done' },
    { status: [200, 404], says: ['not there'], means: 'not-found' },
    { status: 404, text: 'Not found.', means: 'not-found' },
  ]
  const cases = [
    [reply(400, { errors: [{ code: 7 }, { code: 1010 }] }), 'get', 'conflict'],
    [reply(400, { message: 'no seat left here' }), 'get', 'quota'],
    [reply(400, { message: 'user is active' }), 'on', undefined],
    [reply(400, { message: 'user is active' }), 'off', 'invalid'],
    [reply(404, { message: 'not there' }), 'get', 'not-found'],
    [reply(404, 'Not found.', false), 'get', 'not-found'],
    // Gone is never believed of a status that cannot mean it, of a page, or of a 404 in nobody's words.
    [reply(200, { message: 'not there', success: false }), 'get', 'unexpected'],
    [reply(404, '<html>Not found.</html>', false), 'get', 'unexpected'],
    [reply(404, { message: 'no route' }), 'get', 'unexpected'],
    [reply(200, { success: false }), 'get', 'unexpected'],
  ] as const
  for (const [answer, name, failure] of cases) {
    it(`${answer.status} ${JSON.stringify(answer.body)} of ${name} is ${failure ?? 'no failure'}`, () => {
      assert.equal(classifierOf(rules, name)(answer), failure)
    })
  }
})
