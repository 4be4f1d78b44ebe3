import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { matches } from '../../src/scim/filter/evaluate.ts'
import { parseFilter } from '../../src/scim/filter/parse.ts'
import type { Actor, Page, StoredGroup, StoredUser } from '../../src/scim/ports.ts'
import { groupModel, userModel } from '../../src/scim/schema/model.ts'
import { groupAttributes, userAttributes } from '../../src/store/directory/listing/columns.ts'
import { compile } from '../../src/store/directory/listing/compile.ts'
import { aConfiguration, anActor } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'
import type { MemberRef } from '../../src/model/directory.ts'
import { showGroup, showUser } from '../../src/store/directory/listing/kinds.ts'

const models = { User: userModel, Group: groupModel }

let store: TestStore
let by: Actor
let users: readonly StoredUser[]
let groups: readonly StoredGroup[]
let memberships: readonly MemberRef[]

const words = ['ann', 'Ann', 'ANN%', 'a_n', 'b\\n', 'Straße', 'İx', 'x😀y', '\uffffz', 'zoë', '', 'ann.other']
const all = { startIndex: 1, count: 1_000 }

before(async () => {
  store = await openTestStore()
  const applied = await store.applyConfiguration(aConfiguration())
  by = anActor(applied.directoryIds.get('corp')!)
  for (let i = 0; i < 120; i++) await store.directory.createUser(by, aUser(i))
  users = (await store.directory.users(by.directory, all)).resources
  for (let i = 0; i < 40; i++) {
    const add = new Set(users.filter((_, at) => i % 5 && at % (i + 2) === 0).map(({ id }) => id))
    const body = { displayName: `${word(i)}${i % 3}`, ...(i % 2 ? { externalId: word(i) } : {}) }
    await store.directory.createGroup(
      by,
      body,
      { clear: false, add, remove: new Set() },
      { uniqueName: false },
    )
  }
  groups = (await store.directory.groups(by.directory, all)).resources
  memberships = await store.directory.members(
    by.directory,
    groups.map(({ id }) => id),
  )
})

after(() => store.close())

const word = (i: number): string => words[i % words.length]!

function aUser(i: number) {
  return {
    userName: `${word(i)}${i}@corp.example`,
    active: i % 3 !== 0,
    ...(i % 4 ? { externalId: word(i + 1) } : {}),
    ...(i % 5 ? { displayName: word(i + 2) } : {}),
    ...(i % 2 ? { name: { familyName: word(i + 3) } } : {}),
    ...(i % 7
      ? {
          emails: Array.from({ length: i % 3 }, (_, at) => ({
            value: `${word(i + at)}@x.example`,
            type: at ? 'home' : 'work',
          })),
        }
      : {}),
  }
}

const value = fc.oneof(
  fc.constantFrom(...words, 'ann0@corp.example', 'ann@x.example', 'work', '@', '%', '_', '\\', '\u0000', 'A'),
  fc.nat(119).map((at) => users[at]!.id),
  fc.nat(39).map((at) => groups[at]!.id),
  fc.nat(119).map((at) => users[at]!.created.toISOString()),
  fc.nat(119).map((at) => users[at]!.created.toISOString().replace('Z', '4+00:00')),
)

const textual = fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le')
const ordered = fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le')
const instant = fc.nat(119).map((at) => users[at]!.created.toISOString())

const comparisonOf = (names: readonly string[]) =>
  fc
    .tuple(fc.constantFrom(...names), textual, value)
    .map(([name, op, text]) => `${name} ${op} ${JSON.stringify(text)}`)
const timing = fc
  .tuple(
    fc.constantFrom('meta.created', 'meta.lastModified'),
    ordered,
    instant,
    fc.constantFrom('Z', '4+00:00', '5Z'),
  )
  .map(([name, op, text, zone]) => `${name} ${op} "${text.replace('Z', zone)}"`)
const presence = (names: readonly string[]) => fc.constantFrom(...names).map((name) => `${name} pr`)

const userNames = [
  'userName',
  'externalId',
  'id',
  'displayName',
  'emails',
  'emails.value',
  'emails.type',
  'name.familyName',
  'groups',
  'groups.display',
  'nickName',
]
const ofUsers = fc.oneof(
  comparisonOf(userNames),
  comparisonOf(userNames),
  timing,
  presence([...userNames, 'active', 'meta.created', 'name']),
  fc.constantFrom('active eq true', 'active eq false', 'active ne true'),
  fc.constantFrom('externalId eq null', 'displayName ne null', 'emails eq null'),
  fc
    .tuple(textual, value, fc.constantFrom('', ' and type eq "work"', ' or type eq "home"'))
    .map(([op, text, more]) => `emails[value ${op} ${JSON.stringify(text)}${more}]`),
)
const groupNames = ['displayName', 'externalId', 'id', 'members', 'members.value', 'members.display']
const ofGroups = fc.oneof(
  comparisonOf(groupNames),
  timing,
  presence(groupNames),
  fc.tuple(textual, value).map(([op, text]) => `members[value ${op} ${JSON.stringify(text)}]`),
)

const nested = (leaf: fc.Arbitrary<string>) =>
  fc.letrec<{ filter: string }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf,
      fc
        .tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter'))
        .map(([left, op, right]) => `(${left}) ${op} (${right})`),
      tie('filter').map((inner) => `not (${inner})`),
    ),
  })).filter

function agree<T extends { readonly id: string }>(
  kind: 'User' | 'Group',
  resources: readonly T[],
  show: (resource: T) => Readonly<Record<string, unknown>>,
  list: (text: string) => Promise<Page<T>>,
) {
  return async (text: string): Promise<void> => {
    const filter = parseFilter(text, models[kind])
    const wanted = resources.filter((resource) => matches(filter, show(resource))).map(({ id }) => id)
    const page = await list(text)
    assert.deepEqual(
      page.resources.map(({ id }) => id),
      wanted,
    )
    assert.equal(page.total, wanted.length)
  }
}

const query = (kind: 'User' | 'Group', text: string) => ({ ...all, filter: parseFilter(text, models[kind]) })

const ops = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']

test('agrees with the evaluator on every comparison by itself', async () => {
  const showOne = (user: StoredUser) => showUser(user, new Map())
  const own = userNames.filter((name) => !name.startsWith('groups'))
  const checkUser = agree('User', users, showOne, (text) =>
    store.directory.users(by.directory, query('User', text)),
  )
  for (const name of own) for (const op of ops) await checkUser(`${name} ${op} "ann"`)
  for (const name of own) await checkUser(`not (${name} eq "ANN")`)
  const byGroup = Map.groupBy(memberships, ({ groupId }) => groupId)
  const show = (group: StoredGroup) => showGroup(group, byGroup)
  const checkGroup = agree('Group', groups, show, (text) =>
    store.directory.groups(by.directory, query('Group', text)),
  )
  for (const name of groupNames)
    for (const op of ops) await checkGroup(`${name} ${op} ${JSON.stringify(users[6]!.id)}`)
})

test('finds the Users that the evaluator finds, whatever the filter', async () => {
  const byUser = Map.groupBy(
    memberships.toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1)),
    ({ userId }) => userId,
  )
  const named = new Map(groups.map(({ id, body }) => [id, String(body['displayName'])]))
  const show = (user: StoredUser) =>
    showUser(
      user,
      new Map([
        [user.id, (byUser.get(user.id) ?? []).map((ref) => ({ ...ref, display: named.get(ref.groupId)! }))],
      ]),
    )
  const check = agree('User', users, show, (text) => store.directory.users(by.directory, query('User', text)))
  await fc.assert(fc.asyncProperty(nested(ofUsers), check), { numRuns: 80 })
})

test('finds the Groups that the evaluator finds, whatever the filter', async () => {
  const byGroup = Map.groupBy(memberships, ({ groupId }) => groupId)
  const check = agree(
    'Group',
    groups,
    (group) => showGroup(group, byGroup),
    (text) => store.directory.groups(by.directory, query('Group', text)),
  )
  await fc.assert(fc.asyncProperty(nested(ofGroups), check), { numRuns: 60 })
})

test('leaves comparisons of indexed attributes to the database alone', () => {
  const pushed = [
    'userName eq "a"',
    'externalId eq "a" and active eq true',
    'emails.value eq "a"',
    'not (id eq "a")',
    'emails[value eq "a"]',
    'groups.value eq "a"',
    'meta.created gt "2026-01-01T00:00:00Z"',
  ]
  for (const text of pushed)
    assert.equal(compile(parseFilter(text, userModel), userAttributes).exact, true, text)
  const groupsPushed = [
    'displayName eq "a"',
    'members eq "a"',
    'members[value eq "a"]',
    'members.value eq "a"',
  ]
  for (const text of groupsPushed)
    assert.equal(compile(parseFilter(text, groupModel), groupAttributes).exact, true, text)
  assert.equal(compile(parseFilter('name.familyName eq "a"', userModel), userAttributes).exact, false)
})

test('[Q-07] pages in a stable order and counts everything', async () => {
  const first = await store.directory.users(by.directory, { startIndex: 1, count: 50 })
  const second = await store.directory.users(by.directory, { startIndex: 51, count: 50 })
  const none = await store.directory.users(by.directory, { startIndex: 1, count: 0 })
  const beyond = await store.directory.users(by.directory, { startIndex: 500, count: 10 })
  assert.deepEqual([...first.resources, ...second.resources], users.slice(0, 100))
  assert.deepEqual([first.total, none.total, none.resources.length], [120, 120, 0])
  assert.deepEqual([beyond.total, beyond.resources.length], [120, 0])
  const filtered = await store.directory.users(by.directory, {
    ...query('User', 'active eq true'),
    startIndex: 500,
  })
  assert.deepEqual([filtered.total, filtered.resources.length], [80, 0])
})

test('refuses a filter that would read too many rows one by one', async () => {
  await store.query(
    `INSERT INTO users (id, directory_id, user_name, user_name_key, email_keys, body, active_wanted, active_shown)
     SELECT gen_random_uuid(), $1, 'n' || i, 'n' || i, '{}', jsonb_build_object('userName', 'n' || i, 'active', true), true, true FROM generate_series(1, 10000) i`,
    [by.directory.id],
  )
  await assert.rejects(() => store.directory.users(by.directory, query('User', 'nickName eq "x"')), {
    scimType: 'tooMany',
  })
  const narrowed = await store.directory.users(
    by.directory,
    query('User', 'userName eq "n7" and not (nickName eq "x")'),
  )
  assert.equal(narrowed.total, 1)
})
