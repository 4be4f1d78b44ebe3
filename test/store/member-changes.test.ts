import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Actor, MemberDelta, StoredGroup } from '../../src/scim/ports.ts'
import { aConfiguration, aConnection, anActor } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'

let store: TestStore
let by: Actor
let people: readonly string[]

before(async () => {
  store = await openTestStore()
  const applied = await store.applyConfiguration(aConfiguration(aConnection('sentry')))
  by = anActor(applied.directoryIds.get('corp')!)
  people = await Promise.all(
    Array.from({ length: 30 }, async (_, i) => {
      const write = await store.directory.createUser(by, { userName: `p${i}@corp.example`, active: true })
      assert.ok(write.kind === 'stored')
      return write.user.id
    }),
  )
  await settleAll()
})

after(() => store.close())

const delta = (add: readonly string[], remove: readonly string[] = [], clear = false): MemberDelta => ({
  clear,
  add: new Set(add),
  remove: new Set(remove),
})

async function group(displayName: string, add: readonly string[] = []): Promise<StoredGroup> {
  const write = await store.directory.createGroup(by, { displayName }, delta(add), { uniqueName: false })
  assert.ok(write.kind === 'stored')
  return write.group
}

async function changed(id: string, members: MemberDelta, mostMembers?: number) {
  const write = await store.directory.changeMembers(by, id, members, { mostMembers })
  assert.ok(write.kind === 'stored')
  return write
}

const settleAll = () => store.query('UPDATE accounts SET proven_version = wanted_version, due_at = NULL')
const memberIds = async (id: string) =>
  (await store.directory.members(by.directory, [id])).map(({ userId }) => userId)
const shownIds = ({ members }: StoredGroup) =>
  Array.isArray(members) ? members.map(({ userId }) => userId) : members

test('gives the Group with the members that it has after the change', async () => {
  const [ann, bob, cem] = people as [string, string, string]
  const before = await group('small', [ann, bob])
  const write = await changed(before.id, delta([cem, 'nobody'], [ann]), 10)
  assert.deepEqual(shownIds(write.group), [bob, cem].sort())
  assert.deepEqual(write.group.members, await store.directory.members(by.directory, [before.id]))
  assert.deepEqual([write.changed, write.group.version, write.unknownMembers], [true, 2, ['nobody']])
  assert.ok(write.group.lastModified > before.lastModified)
  assert.deepEqual(write.group.body, before.body)
})

test('leaves version and time alone when nobody comes or goes', async () => {
  const [ann, bob] = people as [string, string]
  const before = await group('same', [ann])
  const write = await changed(before.id, delta([ann], [bob]), 10)
  assert.deepEqual([write.changed, write.group.version], [false, 1])
  assert.deepEqual(write.group.lastModified, before.lastModified)
  assert.deepEqual(shownIds(write.group), [ann])
})

test('counts the members after the change, whichever way it goes', async () => {
  const { id } = await group('edge', people.slice(0, 5))
  assert.equal((await changed(id, delta([people[5]!]), 5)).group.members, 'many')
  assert.equal(shownIds((await changed(id, delta([], [people[5]!]), 5)).group)?.length, 5)
  const many = await group('many', people)
  assert.equal((await changed(many.id, delta([], people.slice(0, 5)), 5)).group.members, 'many')
  assert.equal(shownIds((await changed(many.id, delta([], people.slice(5, 10)), 20)).group)?.length, 20)
  // Too many to be told in the same round trip: not said, rather than said wrongly.
  assert.equal((await changed(many.id, delta([], people.slice(10, 22)), 20)).group.members, undefined)
  assert.equal((await changed(many.id, delta(people, [], true), 50)).group.members, undefined)
  assert.equal((await changed(many.id, delta([people[0]!]))).group.members, undefined)
})

test('shows no members where another write came between', async () => {
  const { id } = await group('busy')
  const writes = await Promise.all(people.map((each) => changed(id, delta([each]), 100)))
  const versions = writes.map(({ group }) => group.version).sort((a, b) => a - b)
  assert.deepEqual(
    versions,
    people.map((_, i) => i + 2),
  )
  for (const { group } of writes) {
    const { members } = group
    if (members !== undefined) assert.equal(members.length, group.version - 1)
  }
  assert.deepEqual(await memberIds(id), [...people].sort())
})

test('records one event with who came and who went, and none for nothing', async () => {
  const [ann, bob] = people as [string, string]
  const { id } = await group('told', [ann])
  const events = () =>
    store.query<{ detail: object }>(
      "SELECT detail FROM events WHERE resource_id = $1 AND action = 'group.members-changed' ORDER BY id",
      [id],
    )
  const before = (await events()).length
  await changed(id, delta([bob], [ann]))
  await changed(id, delta([bob], [ann]))
  const after = await events()
  assert.deepEqual(after.slice(before), [{ detail: { added: [bob], removed: [ann] } }])
})

test('looks again at unproven people who are named without effect, and only at them', async () => {
  const [ann, bob, cem] = people as [string, string, string]
  const { id } = await group('again', [ann])
  await settleAll()
  await store.query(
    "UPDATE accounts SET wanted_version = wanted_version + 1, due_at = now() + interval '1 hour' WHERE user_id = ANY($1::uuid[])",
    [[ann, cem]],
  )
  await changed(id, delta([ann], [bob]))
  const due = await store.query<{ user_id: string }>('SELECT user_id FROM accounts WHERE due_at <= now()')
  assert.deepEqual(due, [{ user_id: ann }])
  await settleAll()
})

test('knows no Group of another directory, and changes nothing there', async () => {
  const { id } = await group('ours', [people[0]!])
  const stranger = anActor('00000000-0000-7000-8000-000000000000')
  for (const members of [delta([], [people[0]!]), delta([people[1]!]), delta([], [], true)]) {
    const write = await store.directory.changeMembers(stranger, id, members, { mostMembers: 10 })
    assert.equal(write.kind, 'not-found')
  }
  assert.deepEqual(await memberIds(id), [people[0]])
  const none = await store.directory.changeMembers(by, 'no id', delta([]), { mostMembers: 10 })
  assert.equal(none.kind, 'not-found')
})

test('reads a User with the groups in the order in which they are shown, by id and by name', async () => {
  const last = people.at(-1)!
  for (const name of ['zulu', 'alpha']) await group(name, [last])
  const user = await store.directory.user(by.directory, last)
  assert.deepEqual(user?.groups, await store.directory.groupsOf(by.directory, [last]))
  const path = { names: ['userName'], type: 'string', caseExact: false, multiValued: false } as const
  const filter = { kind: 'compare', op: 'eq', path, value: 'P29@CORP.example' } as const
  const page = await store.directory.users(by.directory, { filter, startIndex: 1, count: 10 })
  assert.deepEqual(page, { total: 1, resources: [user] })
  for (const value of ['nobody@corp.example', '\0', '\ud800']) {
    const none = await store.directory.users(by.directory, {
      filter: { ...filter, value },
      startIndex: 1,
      count: 10,
    })
    assert.deepEqual([none.total, none.resources], [0, []])
  }
})
