import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { switchesOf } from '../../../../src/scim/client-profiles.ts'
import type { ScimError } from '../../../../src/scim/errors.ts'
import { parsePatch } from '../../../../src/scim/patch/operations.ts'
import { groupModel, userModel } from '../../../../src/scim/schema/model.ts'
import { provisioningUrn } from '../../../../src/scim/schema/definitions.ts'
import { refusal } from '../every-type.ts'
import { enterprise, patchOp, patchUser } from './support.ts'

const parse = (body: unknown) => parsePatch(body, userModel, switchesOf('auto'))
const message = (...operations: unknown[]) => ({ schemas: [patchOp], Operations: operations })

describe('parsePatch', () => {
  test('[R-01] reads the message whatever the letter case of its keys and operations', () => {
    const body = {
      SCHEMAS: [patchOp.toUpperCase()],
      operations: [{ OP: 'Replace', Path: 'TITLE', Value: 'x', name: 'junk' }],
    }
    const [operation] = parse(body)
    assert.partialDeepStrictEqual(operation, { op: 'replace', value: 'x', keyed: false })
    assert.equal(operation?.target.attribute?.name, 'title')
  })

  test('refuses a message that is none', () => {
    const rows: readonly unknown[] = [
      null,
      [],
      'x',
      {},
      { schemas: [patchOp] },
      message(),
      { schemas: [patchOp], Operations: {} },
      { schemas: [userModel.schema], Operations: [{ op: 'remove', path: 'title' }] },
      { Operations: [{ op: 'remove', path: 'title' }] },
      message(null),
      message('x'),
      message({}),
      message({ op: 'move', path: 'title' }),
      message({ op: 1, path: 'title' }),
      message({ op: '__proto__', path: 'title' }),
    ]
    for (const body of rows) assert.throws(() => parse(body), refusal('invalidSyntax'), JSON.stringify(body))
  })

  test('takes 5,000 operations and no more', () => {
    const many = (count: number) =>
      message(...Array.from({ length: count }, () => ({ op: 'remove', path: 'title' })))
    assert.equal(parse(many(5000)).length, 5000)
    assert.throws(() => parse(many(5001)), refusal(undefined, /5000/, 413))
  })

  test('refuses paths that cannot be read', () => {
    const paths: readonly unknown[] = [
      'emails[',
      'emails]',
      'emails[type eq "work"',
      'emails[type eq "work"]value',
      'emails[type eq "work"].',
      'emails[type eq "work"].a.b',
      'emails[type eq "work"].value]',
      '.title',
      '1title',
      'ti tle',
      '__proto__',
      '__proto__.polluted',
      'title[value pr]',
      'name.givenName[value pr]',
      'emails.value[value pr]',
      7,
      {},
      ['title'],
    ]
    for (const path of paths) {
      for (const op of ['add', 'remove', 'replace']) {
        assert.throws(
          () => parse(message({ op, path, value: 'x' })),
          (error: ScimError) => error.status === 400 && /^invalid(Path|Filter)$/.test(error.scimType ?? ''),
          JSON.stringify(path),
        )
      }
    }
    for (const path of [
      'emails[type eq work x]',
      'emails[]',
      'emails[type]',
      'emails[nosuch eq "x"]',
      'emails[not (nosuch pr)]',
    ]) {
      assert.throws(() => parse(message({ op: 'remove', path })), refusal('invalidFilter'), path)
    }
  })

  test('[R-23] ignores unknown attributes, and refuses removals that may mean members; rfc refuses their paths', () => {
    for (const path of [
      'nosuch',
      `${enterprise}:nosuch`,
      'constructor',
      'emails[type eq "work"].nosuch',
      'manager.nosuch',
    ]) {
      for (const op of ['add', 'replace', 'remove']) {
        assert.deepEqual(parse(message({ op, path, value: 'x' })), [])
        assert.throws(
          () => parsePatch(message({ op, path, value: 'x' }), userModel, switchesOf('rfc')),
          refusal('invalidPath', /is not an attribute/),
        )
      }
    }
    const ofGroup = (operation: object) => parsePatch(message(operation), groupModel, switchesOf('auto'))
    for (const operation of [
      { path: 'membrs[value eq "1"]' },
      { path: 'membrs', value: [{ value: '1' }] },
      { path: 'member' },
      { path: 'members.nosuch' },
    ]) {
      assert.throws(() => ofGroup({ op: 'remove', ...operation }), refusal('invalidPath'))
    }
    assert.deepEqual(ofGroup({ op: 'remove', path: 'description' }), [])
    assert.deepEqual(
      parse(message({ op: 'add', value: { nosuch: 1, 'a b': 2, '': 3, __proto__x: 4, é: 5 } })),
      [],
    )
  })

  test('ignores attributes of schemas that nobody here knows, so that a leaver is shut out all the same', () => {
    const path = 'urn:ietf:params:scim:schemas:extension:custom:2.0:User:badge'
    for (const op of ['add', 'replace', 'remove']) {
      const operations = [
        { op, path, value: 'x' },
        { op: 'replace', path: 'active', value: false },
      ]
      assert.equal(patchUser(operations)['active'], false)
    }
  })

  test('wants a target for a removal', () => {
    for (const path of [undefined, null, '', ' ', userModel.schema]) {
      assert.throws(() => parse(message({ op: 'remove', path, value: { title: 'x' } })), refusal('noTarget'))
    }
  })

  test('wants a value for add and replace', () => {
    for (const op of ['add', 'replace']) {
      assert.throws(() => parse(message({ op, path: 'title' })), refusal('invalidValue', /has no value/))
      for (const value of [undefined, null, 'x', [], [{}], 7]) {
        assert.throws(() => parse(message({ op, value })), refusal('invalidValue'))
      }
      assert.throws(() => parse(message({ op, path: enterprise, value: 'x' })), refusal('invalidValue'))
    }
  })

  test('refuses to change what only the service provider writes', () => {
    const paths = [
      'id',
      'meta',
      'meta.created',
      'schemas',
      'groups',
      'groups[value eq "1"]',
      `${enterprise}:manager.displayName`,
      `${provisioningUrn}:connections`,
      provisioningUrn,
    ]
    for (const path of paths) {
      for (const op of ['add', 'replace', 'remove']) {
        const value =
          op === 'remove' ? undefined : path === provisioningUrn ? { connections: [{ value: 'x' }] } : 'self'
        assert.throws(
          () => parse(message({ op, path, value })),
          refusal('mutability', /readOnly/),
          `${op} ${path}`,
        )
      }
    }
    for (const value of [
      { groups: [{ value: '1' }] },
      { [provisioningUrn]: { connections: [{ value: 'x' }] } },
      { 'groups.value': 'x' },
    ]) {
      assert.throws(() => parse(message({ op: 'replace', value })), refusal('mutability'))
    }
  })

  test('ignores id, schemas and meta without a path, and empty readOnly attributes', () => {
    const value = {
      id: 'self',
      schemas: ['x'],
      meta: { version: 'x' },
      'meta.version': 'y',
      groups: [],
      title: 'Prof',
    }
    for (const client of ['auto', 'okta', 'entra', 'rfc'] as const) {
      assert.equal(patchUser([{ op: 'replace', value }], client)['title'], 'Prof')
    }
    assert.equal(patchUser([{ op: 'replace', value: { ...value, id: 'other' } }], 'okta')['title'], 'Prof')
    assert.throws(
      () => patchUser([{ op: 'replace', value: { ...value, id: 'other' } }], 'rfc'),
      refusal('mutability'),
    )
  })
})
