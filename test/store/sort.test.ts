import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { compareSortKeys, parseSort, sortKeyOf } from '../../src/scim/filter/sort.ts'
import { matches } from '../../src/scim/filter/evaluate.ts'
import { parseFilter } from '../../src/scim/filter/parse.ts'
import type { Actor, ListQuery, Page, Position, StoredGroup, StoredUser } from '../../src/scim/ports.ts'
import { groupModel, userModel } from '../../src/scim/schema/model.ts'
import { aConfiguration, aDirectory, anActor } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'
import type { DirectoryRef, MemberRef } from '../../src/model/directory.ts'
import { showGroup, showUser } from '../../src/store/directory/listing/kinds.ts'

const models = { User: userModel, Group: groupModel }

let store: TestStore
let by: Actor
let users: readonly StoredUser[]
let groups: readonly StoredGroup[]
let memberships: readonly MemberRef[]

const words = [
  'ann',
  'Ann',
  'ANN%',
  'Zoë',
  'zoé',
  'Straße',
  'İx',
  'ΑΣ',
  'x😀y',
  '\uffffz',
  'é',
  '',
  'B',
  'a b',
]
const word = (i: number): string => words[i % words.length]!
const all = { startIndex: 1, count: 1_000 }

function aUser(i: number) {
  const emails = Array.from({ length: i % 4 }, (_, at) => ({
    ...(i % 9 ? { value: `${word(i * 3 + at)}@x.example` } : {}),
    type: at ? 'home' : 'work',
    ...(at === 1 && i % 3 ? { primary: true } : {}),
  }))
  return {
    userName: `${word(i * 7)}${i}@corp.example`,
    active: i % 3 !== 0,
    ...(i % 4 ? { externalId: word(i + 1) } : {}),
    ...(i % 5 ? { displayName: word(i + 2) } : {}),
    ...(i % 2 ? { name: { familyName: word(i * 5), ...(i % 3 ? { givenName: word(i) } : {}) } } : {}),
    ...(i % 6 ? { nickName: word(i * 2) } : {}),
    ...(emails.length > 0 ? { emails } : {}),
  }
}

before(async () => {
  store = await openTestStore()
  const configuration = aConfiguration()
  const applied = await store.applyConfiguration({
    directories: [...configuration.directories, aDirectory('other')],
  })
  by = anActor(applied.directoryIds.get('corp')!)
  const stranger = anActor(applied.directoryIds.get('other')!)
  for (let i = 0; i < 90; i++) {
    const write = await store.directory.createUser(by, aUser(i))
    if (i % 10 === 9 && write.kind === 'stored') await store.directory.deleteUser(by, write.user.id)
    if (i % 10 === 5) await store.directory.createUser(stranger, aUser(i))
  }
  users = (await store.directory.users(by.directory, all)).resources
  for (let i = 0; i < 30; i++) {
    const add = new Set(users.filter((_, at) => i % 5 && at % (i + 2) === 0).map(({ id }) => id))
    const body = { displayName: `${word(i)}${i % 4}`, ...(i % 2 ? { externalId: word(i) } : {}) }
    const delta = { clear: false, add, remove: new Set<string>() }
    await store.directory.createGroup(by, body, delta, { uniqueName: false })
  }
  groups = (await store.directory.groups(by.directory, all)).resources
  memberships = await store.directory.members(
    by.directory,
    groups.map(({ id }) => id),
  )
})

after(() => store.close())

const userNames = [
  ...['userName', 'displayName', 'externalId', 'id', 'active', 'emails', 'emails.value', 'emails.type'],
  ...['meta.created', 'meta.lastModified', 'name.familyName', 'name.givenName', 'nickName', 'title'],
]
const groupNames = [
  'displayName',
  'externalId',
  'id',
  'meta.created',
  'meta.lastModified',
  'members',
  'meta.version',
]
const userFilters = [
  '',
  'displayName pr',
  'nickName co "a"',
  'active eq true or emails pr',
  'not (userName sw "a")',
]
const groupFilters = ['', 'externalId pr', 'members pr', 'displayName ge "b"']
const orders = ['ascending', 'descending'] as const

type Stored = StoredUser | StoredGroup

interface Side {
  readonly kind: 'User' | 'Group'
  readonly resources: readonly Stored[]
  show(resource: Stored): Readonly<Record<string, unknown>>
  list(query: ListQuery): Promise<Page<Stored>>
}

const userSide = (): Side => ({
  kind: 'User',
  resources: users,
  show: (user) => showUser(user as StoredUser, new Map()),
  list: (query) => store.directory.users(by.directory, query),
})

function groupSide(): Side {
  const byGroup = Map.groupBy(memberships, ({ groupId }) => groupId)
  return {
    kind: 'Group',
    resources: groups,
    show: (group) => showGroup(group, byGroup),
    list: (query) => store.directory.groups(by.directory, query),
  }
}

interface Question {
  readonly sortBy: string
  readonly sortOrder: string
  readonly filter: string
}

function bind({ kind }: Side, { sortBy, sortOrder, filter }: Question) {
  const sort = sortBy === '' ? undefined : parseSort(sortBy, sortOrder, models[kind])
  assert.ok(sort || sortBy === '')
  return { sort, filter: filter === '' ? undefined : parseFilter(filter, models[kind]) }
}

/** The whole list as the evaluator has it. */
function expected(side: Side, question: Question) {
  const { sort, filter } = bind(side, question)
  const kept = side.resources
    .map((resource) => ({ id: resource.id, shown: side.show(resource) }))
    .filter(({ shown }) => !filter || matches(filter, shown))
    .map(({ id, shown }) => ({ id, key: sort ? sortKeyOf(sort.path, shown) : null }))
  return sort ? kept.toSorted((a, b) => compareSortKeys(a.key, b.key, sort.descending)) : kept
}

async function agrees(side: Side, question: Question): Promise<void> {
  const wanted = expected(side, question)
  const page = await side.list({ ...all, ...bind(side, question) })
  const what = JSON.stringify(question)
  assert.deepEqual(
    page.resources.map(({ id }) => id),
    wanted.map(({ id }) => id),
    what,
  )
  assert.equal(page.total, wanted.length)
  if (question.sortBy !== '')
    assert.deepEqual(
      page.keys,
      wanted.map(({ key }) => key),
      what,
    )
}

test('sorts Users as the evaluator does, by every kind of attribute', async () => {
  for (const sortBy of userNames) {
    for (const sortOrder of orders) await agrees(userSide(), { sortBy, sortOrder, filter: '' })
  }
})

test('sorts Groups as the evaluator does, by every kind of attribute', async () => {
  for (const sortBy of groupNames) {
    for (const sortOrder of orders) await agrees(groupSide(), { sortBy, sortOrder, filter: '' })
  }
})

const questionOf = (names: readonly string[], filters: readonly string[]) =>
  fc.record({
    sortBy: fc.constantFrom('', ...names),
    sortOrder: fc.constantFrom(...orders),
    filter: fc.constantFrom(...filters),
  })
const anyQuestion = fc.oneof(
  questionOf(userNames, userFilters).map((question) => ({ side: 'User' as const, question })),
  questionOf(groupNames, groupFilters).map((question) => ({ side: 'Group' as const, question })),
)
const sideOf = (kind: 'User' | 'Group'): Side => (kind === 'User' ? userSide() : groupSide())

test('shows the same window of any list that the evaluator would show', async () => {
  const window = fc.record({
    startIndex: fc.integer({ min: 1, max: 100 }),
    count: fc.integer({ min: 0, max: 40 }),
  })
  await fc.assert(
    fc.asyncProperty(anyQuestion, window, async ({ side: kind, question }, { startIndex, count }) => {
      const side = sideOf(kind)
      const wanted = expected(side, question)
      const page = await side.list({ ...bind(side, question), startIndex, count })
      assert.deepEqual(
        page.resources.map(({ id }) => id),
        wanted.slice(startIndex - 1, startIndex - 1 + count).map(({ id }) => id),
      )
      assert.equal(page.total, wanted.length)
    }),
    { numRuns: 80 },
  )
})

/** Page after page, each after the last resource of the one before, as cursors do. */
async function walk(
  side: Side,
  question: Question,
  count: number,
  between: () => Promise<unknown> = async () => {},
): Promise<string[]> {
  const ids: string[] = []
  let after: Position | undefined
  for (let pages = 0; pages < 200; pages++) {
    const { resources, keys } = await side.list({ ...bind(side, question), startIndex: 1, count, after })
    ids.push(...resources.map(({ id }) => id))
    const last = resources.at(-1)
    if (!last) return ids
    after = { key: keys?.[resources.length - 1] ?? null, created: last.created.toISOString(), id: last.id }
    await between()
  }
  assert.fail('the walk has no end')
}

test('visits every resource exactly once by position, in any order and with any filter', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyQuestion,
      fc.integer({ min: 3, max: 40 }),
      async ({ side: kind, question }, count) => {
        const side = sideOf(kind)
        assert.deepEqual(
          await walk(side, question, count),
          expected(side, question).map(({ id }) => id),
          JSON.stringify(question),
        )
      },
    ),
    { numRuns: 40 },
  )
})

test('answers the total of an earlier page where it is given one', async () => {
  for (const filter of [undefined, parseFilter('displayName pr', userModel)]) {
    const page = await store.directory.users(by.directory, { ...all, filter, count: 2, total: 4711 })
    assert.equal(page.total, 4711)
  }
})

async function aDirectoryOf(name: string, howMany: number): Promise<Actor> {
  const { directories } = aConfiguration()
  const applied = await store.applyConfiguration({
    directories: [...directories, aDirectory('other'), aDirectory(name)],
  })
  const actor = anActor(applied.directoryIds.get(name)!, name)
  for (let i = 0; i < howMany; i++) await store.directory.createUser(actor, aUser(i))
  return actor
}

test('visits everybody who was there exactly once, and nobody twice, while Users are created', async () => {
  const actor = await aDirectoryOf('growing', 25)
  const ref: DirectoryRef = actor.directory
  let made = 1_000
  const side: Side = { ...userSide(), list: (query) => store.directory.users(ref, query) }
  await fc.assert(
    fc.asyncProperty(
      questionOf(userNames, ['']),
      fc.integer({ min: 2, max: 9 }),
      fc.integer({ min: 0, max: 3 }),
      async (question, count, inserts) => {
        const there = (await store.directory.users(ref, all)).resources.map(({ id }) => id)
        let pages = 0
        const seen = await walk(side, question, count, async () => {
          if (pages++ > 4) return
          await Promise.all(
            Array.from({ length: inserts }, () => store.directory.createUser(actor, aUser(made++))),
          )
        })
        assert.equal(new Set(seen).size, seen.length)
        assert.deepEqual(
          there.filter((id) => !seen.includes(id)),
          [],
        )
      },
    ),
    { numRuns: 12 },
  )
})

test('counts anew as soon as anything was written, whoever wrote it', async () => {
  const actor = await aDirectoryOf('counted', 12)
  const other = await store.another()
  const total = async () => {
    const page = await store.directory.users(actor.directory, { startIndex: 9, count: 2 })
    assert.equal(page.resources.length, Math.min(2, Math.max(0, page.total - 8)))
    return page.total
  }
  for (let i = 0; i < 3; i++) assert.equal(await total(), 12)
  const write = await other.directory.createUser(actor, aUser(500))
  assert.equal(await total(), 13)
  assert.ok(write.kind === 'stored')
  await other.directory.deleteUser(actor, write.user.id)
  assert.equal(await total(), 12)
  await store.query('UPDATE users SET deleted_at = now(), user_name_key = NULL WHERE directory_id = $1', [
    actor.directory.id,
  ])
  assert.equal(await total(), 0)
})

test('refuses to work out the order of more than 10,000 Users, and sorts what a filter leaves of them', async () => {
  const { directory } = await aDirectoryOf('crowd', 3)
  const sort = parseSort('name.familyName', undefined, userModel)
  const question = { sort, startIndex: 1, count: 5 }
  assert.equal((await store.directory.users(directory, question)).resources.length, 3)
  await store.query(
    `INSERT INTO users (id, directory_id, user_name, user_name_key, email_keys, body, active_wanted, active_shown)
     SELECT gen_random_uuid(), $1::uuid, 'crowd' || n, 'crowd' || n, '{}',
       jsonb_build_object('userName', 'crowd' || n, 'name', jsonb_build_object('familyName', 'f' || n)), true, true
     FROM generate_series(1, 9998) n`,
    [directory.id],
  )
  await assert.rejects(store.directory.users(directory, question), { scimType: 'tooMany', status: 400 })
  const filter = parseFilter('userName sw "crowd99"', userModel)
  const { total, resources } = await store.directory.users(directory, { ...question, filter })
  assert.equal(total, 110)
  assert.equal(resources[0]?.body['userName'], 'crowd99')
})

test('sorts by parts of a name also where PostgreSQL knows no ICU collation', async () => {
  const question = { sortBy: 'name.familyName', sortOrder: 'ascending', filter: '' }
  await store.query('DROP COLLATION pg_catalog."und-x-icu"')
  await agrees(userSide(), question)
})

test('keeps one secret for cursors, whichever process asks first', async () => {
  const others = await Promise.all([store.another(), store.another()])
  const secrets = await Promise.all([store, ...others].map((each) => each.cursorSecret()))
  for (const secret of secrets) assert.deepEqual(secret, secrets[0])
  assert.equal(secrets[0]?.length, 32)
})
