import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { switchesOf } from '../../../../src/scim/client-profiles.ts'
import { ScimError } from '../../../../src/scim/errors.ts'
import { normaliseBody, replaceBody } from '../../../../src/scim/normalise.ts'
import { applyPatch } from '../../../../src/scim/patch/apply.ts'
import { parsePatch } from '../../../../src/scim/patch/operations.ts'
import { compileProjection } from '../../../../src/scim/projection.ts'
import { represent } from '../../../../src/scim/representation.ts'
import { groupModel, userModel } from '../../../../src/scim/schema/model.ts'
import { enterprise, patch, patchOp, type Written } from './support.ts'

interface Email {
  value: string
  type?: string
  primary?: boolean
}

const value = fc.constantFrom('a', 'b', 'c', 'd')
const type = fc.constantFrom('work', 'home')
const email = fc.record({ value, type }, { noNullPrototype: true })

/** A step in the words of the model, and as clients write it. */
type Step =
  | { kind: 'add' | 'replace' | 'remove-listed'; emails: Email[] }
  | { kind: 'clear' }
  | { kind: 'remove-type'; type: string }
  | { kind: 'set-value'; type: string; value: string }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('add' as const, 'replace' as const, 'remove-listed' as const),
    emails: fc.array(email, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('clear' as const) }),
  fc.record({ kind: fc.constant('remove-type' as const), type }),
  fc.record({ kind: fc.constant('set-value' as const), type, value }),
)

function written(each: Step): Written {
  switch (each.kind) {
    case 'add':
    case 'replace':
      return { op: each.kind, path: 'emails', value: each.emails }
    case 'remove-listed':
      return { op: 'remove', path: 'emails', value: each.emails }
    case 'clear':
      return { op: 'Remove', path: 'emails' }
    case 'remove-type':
      return { op: 'remove', path: `emails[type eq "${each.type}"]` }
    case 'set-value':
      return { op: 'replace', path: `EMAILS[type eq "${each.type}"].value`, value: each.value }
  }
}

const key = (each: Email) => `${each.type}:${each.value}`

/** The same on a plain set of pairs. */
function naive(emails: ReadonlySet<string>, each: Step): Set<string> {
  switch (each.kind) {
    case 'add':
      return new Set([...emails, ...each.emails.map(key)])
    case 'replace':
      return new Set(each.emails.map(key))
    case 'remove-listed':
      return new Set([...emails].filter((pair) => !each.emails.map(key).includes(pair)))
    case 'clear':
      return new Set()
    case 'remove-type':
      return new Set([...emails].filter((pair) => !pair.startsWith(`${each.type}:`)))
    case 'set-value': {
      const others = [...emails].filter((pair) => !pair.startsWith(`${each.type}:`))
      return new Set([...others, `${each.type}:${each.value}`])
    }
  }
}

describe('any list of operations', () => {
  test('does to a multi-valued attribute what it does to a plain set', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(email, { selector: key, maxLength: 4 }),
        fc.array(step, { minLength: 1, maxLength: 8 }),
        (start, steps) => {
          const current = { userName: 'u', active: true, ...(start.length > 0 && { emails: start }) }
          const before = structuredClone(current)
          const { body } = patch(userModel, current, steps.map(written))
          const after = ((body['emails'] as Email[] | undefined) ?? []).map(key)
          assert.deepEqual(new Set(after), steps.reduce(naive, new Set(start.map(key))))
          assert.equal(after.length, new Set(after).size)
          assert.deepEqual(current, before)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('folds into one member delta that does the same to a set of members', () => {
    const id: fc.Arbitrary<string> = fc.constantFrom('1', '2', '3', '4', '5')
    const ids = fc.array(id, { maxLength: 3 })
    const memberStep = fc.oneof(
      ids.map((list) => ({
        operation: { op: 'add', path: 'members', value: list.map((each) => ({ value: each })) },
        run: (set: Set<string>) => new Set([...set, ...list]),
      })),
      ids.map((list) => ({
        operation: { op: 'replace', value: { members: list } },
        run: () => new Set(list),
      })),
      ids.map((list) => ({
        operation: { op: 'Remove', path: 'members', value: list },
        run: (set: Set<string>) => new Set([...set].filter((each) => !list.includes(each))),
      })),
      fc.tuple(id, id).map(([a, b]) => ({
        operation: { op: 'remove', path: `members[value eq "${a}" or value eq "${b}"]` },
        run: (set: Set<string>) => new Set([...set].filter((each) => each !== a && each !== b)),
      })),
      fc.constant({ operation: { op: 'remove', path: 'members' }, run: () => new Set<string>() }),
    )
    fc.assert(
      fc.property(
        fc.uniqueArray(id),
        fc.array(memberStep, { minLength: 1, maxLength: 8 }),
        (start, steps) => {
          const { members } = patch(
            groupModel,
            { displayName: 'G' },
            steps.map(({ operation }) => operation),
          )
          const after = new Set(members?.clear ? [] : start)
          for (const each of members?.remove ?? []) after.delete(each)
          for (const each of members?.add ?? []) {
            assert.ok(!members?.remove.has(each))
            after.add(each)
          }
          assert.deepEqual(
            after,
            steps.reduce((set, { run }) => run(set), new Set(start)),
          )
        },
      ),
      { numRuns: 500 },
    )
  })

  test('[R-20] leaves one primary at most', () => {
    const marked = fc.record({ value, type, primary: fc.boolean() })
    const operation = fc.oneof(
      fc
        .array(marked, { minLength: 1, maxLength: 3 })
        .map((list) => ({ op: 'add', path: 'emails', value: list })),
      type.map((each) => ({ op: 'replace', path: `emails[type eq "${each}"].primary`, value: true })),
      fc.constant({ op: 'add', path: 'emails.primary', value: true }),
    )
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 6 }), (operations) => {
        const { body } = patch(userModel, { userName: 'u', active: true }, operations)
        const primaries = (body['emails'] as Email[]).filter(({ primary }) => primary)
        assert.ok(primaries.length <= 1)
      }),
    )
  })
})

const names = fc.constantFrom(
  ...[
    'userName',
    'title',
    'name',
    'emails',
    'manager',
    'active',
    'password',
    'groups',
    'id',
    'meta',
    'members',
    'nosuch',
    'roles',
  ],
  ...[
    'name.givenName',
    'emails.value',
    'emails[type eq "work"]',
    'emails[type eq "work"].value',
    'roles[primary eq "True"].value',
  ],
  ...[
    enterprise,
    `${enterprise}:department`,
    `${enterprise}:manager`,
    '__proto__',
    'constructor',
    '__proto__.polluted',
    'constructor.prototype.polluted',
    'emails[__proto__ eq "x"]',
  ],
)
const json = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.dictionary(names, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 4 }),
  fc.array(fc.record({ value: fc.string(), type: fc.constant('work'), primary: fc.boolean() }), {
    maxLength: 3,
  }),
  fc.constant(
    JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as unknown,
  ),
)

describe('anything at all', () => {
  const clients = ['auto', 'okta', 'entra', 'rfc'] as const

  test('[R-24] is applied, or refused with a SCIM error, and never reaches Object.prototype or what is stored', () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace'),
        path: fc.option(names, { nil: undefined }),
        value: json,
      },
      { requiredKeys: ['op'] },
    )
    const start = {
      userName: 'u',
      active: true,
      emails: [{ value: 'a', type: 'work' }],
      [enterprise]: { manager: { value: '1' } },
    }
    const frozen = structuredClone(start)
    let applied = 0
    fc.assert(
      fc.property(
        fc.array(operation, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...clients),
        fc.constantFrom(userModel, groupModel),
        (operations, client, model) => {
          const current = model === userModel ? start : { displayName: 'G' }
          try {
            const switches = switchesOf(client)
            const parsed = parsePatch({ schemas: [patchOp], Operations: operations }, model, switches)
            const { body } = applyPatch(model, current, parsed, switches, { id: 'self' })
            applied += 1
            for (const name of Object.keys(body))
              assert.ok(model.attribute(name) ?? model.extension(name), name)
            assert.equal(body['password'], undefined)
            assert.doesNotThrow(() => JSON.stringify(body))
            if (model === userModel) assert.equal(typeof body['active'], 'boolean')
          } catch (error) {
            assert.ok(
              error instanceof ScimError && error.status === 400,
              error instanceof Error ? error.stack : '',
            )
          }
          assert.deepEqual(start, frozen)
        },
      ),
      { numRuns: 2000 },
    )
    assert.ok(applied > 200, `only ${applied} lists were applied`)
    assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before)
  })

  test('[P-07] [R-14] comes back from represent as it was: PUT of what GET gave has no effect, and shows no password', () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    const text = fc.string({ minLength: 1 }).filter((each) => !each.includes('\0'))
    const element = fc.record(
      { value: text, type: text, display: text, primary: fc.boolean() },
      { requiredKeys: [] },
    )
    const pushed = fc.record(
      {
        externalId: text,
        name: fc.record({ givenName: text, familyName: text }, { requiredKeys: [] }),
        password: text,
        emails: fc.array(element, { maxLength: 4 }),
        roles: fc.array(element, { maxLength: 4 }),
        addresses: fc.array(
          fc.record({ country: text, type: text, primary: fc.boolean() }, { requiredKeys: [] }),
        ),
        active: fc.boolean(),
        title: fc.option(text),
        groups: fc.array(element),
        [enterprise]: fc.record(
          {
            department: text,
            manager: fc.record(
              {
                value: text,
                $ref: fc.oneof(
                  text,
                  fc.constantFrom('../Users/1', 'Users/2', 'https://x/Users/3', '/Groups/4', '../Users/a/b'),
                ),
              },
              { requiredKeys: [] },
            ),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(
        pushed,
        fc.constantFrom(...clients),
        fc.array(names, { maxLength: 3 }),
        (more, client, projected) => {
          const switches = switchesOf(client)
          const { body } = normaliseBody(
            userModel,
            { schemas: [userModel.schema], userName: 'u', ...more },
            switches,
            'create',
          )
          const shown = represent(userModel, {
            id: 'u1',
            body,
            version: 1,
            created: new Date(0),
            lastModified: new Date(0),
            location: 'https://gateway.example/scim/v2/Users/u1',
            groups: [{ groupId: 'g', userId: 'u1', display: 'G' }],
            extension: { connections: [{ value: 'falcon' }] },
          })
          const again = normaliseBody(userModel, JSON.parse(JSON.stringify(shown)), switches, 'replace').body
          assert.equal(replaceBody(userModel, body, again), body, JSON.stringify([body, again]))
          for (const query of [
            {},
            { attributes: projected },
            { excludedAttributes: projected },
            { attributes: 'password' },
          ]) {
            const answer = compileProjection(userModel, query).apply({ ...shown, password: 'leaked' })
            assert.equal(answer['password'], undefined)
            assert.equal(answer['id'], 'u1')
          }
        },
      ),
      { numRuns: 500 },
    )
    assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before)
  })
})
