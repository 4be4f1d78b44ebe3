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
  people = await Promise.all(Array.from({ length: 50 }, (_, i) => person(`p${i}@corp.example`)))
  // Nothing of the creates is left to do.
  await store.query(`UPDATE accounts SET proven_version = wanted_version, due_at = NULL`)
})

after(() => store.close())

async function person(userName: string): Promise<string> {
  const write = await store.directory.createUser(by, { userName, active: true })
  assert.ok(write.kind === 'stored')
  return write.user.id
}

const delta = (
  change: Partial<Record<'add' | 'remove', readonly string[]>> & { clear?: boolean },
): MemberDelta => ({
  clear: change.clear ?? false,
  add: new Set(change.add),
  remove: new Set(change.remove),
})

const loose = { uniqueName: false }

async function group(displayName: string, add: readonly string[] = []): Promise<StoredGroup> {
  const write = await store.directory.createGroup(by, { displayName }, delta({ add }), loose)
  assert.ok(write.kind === 'stored')
  return write.group
}

const change = (id: string, members: MemberDelta) =>
  store.directory.updateGroup(by, id, ({ body }) => ({ body, members }), loose)

const due = async () =>
  (
    await store.query<{ user_id: string; priority: number }>(
      "SELECT user_id, priority FROM accounts WHERE due_at <= now() + interval '1 second' ORDER BY user_id",
    )
  ).map(({ user_id, priority }) => [user_id, priority])

const settleAll = () => store.query('UPDATE accounts SET proven_version = wanted_version, due_at = NULL')

test('keeps every one of many member adds at once', async () => {
  const { id } = await group('crowd')
  const writes = await Promise.all(people.map((userId) => change(id, delta({ add: [userId] }))))
  assert.ok(writes.every((write) => write.kind === 'stored' && write.changed))
  assert.equal(await store.directory.memberCount(by.directory, id), people.length)
  assert.equal((await store.directory.group(by.directory, id))?.version, 1 + people.length)
})

test('makes the accounts of those due who came or went, and nobody else', async () => {
  const [ann, bob, cem] = people as [string, string, string]
  const { id } = await group('movers', [ann, bob])
  await settleAll()
  await change(id, delta({ add: [cem], remove: [ann] }))
  assert.deepEqual(
    await due(),
    [
      [ann, 1],
      [cem, 2],
    ].sort(),
  )
  await settleAll()
  const nothing = await change(id, delta({ add: [cem], remove: [ann] }))
  assert.ok(nothing.kind === 'stored' && !nothing.changed)
  assert.equal(nothing.group.version, 2)
  assert.deepEqual(await due(), [])
})

test('[P-08] replaces all members and reports ids that are no Users', async () => {
  const [ann, bob, cem] = people as [string, string, string]
  const { id } = await group('whole', [ann, bob])
  const stranger = '00000000-0000-7000-8000-000000000001'
  const write = await change(id, delta({ clear: true, add: [bob, cem, stranger, 'x'] }))
  assert.ok(write.kind === 'stored' && write.changed)
  assert.deepEqual([...write.unknownMembers].sort(), [stranger, 'x'])
  const members = await store.directory.members(by.directory, [id])
  assert.deepEqual(members.map(({ userId }) => userId).sort(), [bob, cem].sort())
  assert.deepEqual(members.map(({ display }) => display).sort(), ['p1@corp.example', 'p2@corp.example'])
})

test('[P-08] writes the difference alone when 10,000 members are put', async () => {
  const [ann] = people as [string]
  const { id } = await group('ten thousand')
  // By bulk: the people of this Group have no accounts.
  await store.query(
    `WITH made AS (
       INSERT INTO users (id, directory_id, user_name, user_name_key, email_keys, body, active_wanted, active_shown)
       SELECT gen_random_uuid(), $1::uuid, 'many' || n, 'many' || n, '{}', jsonb_build_object('userName', 'many' || n, 'active', true), true, true
       FROM generate_series(1, 10000) n RETURNING id
     )
     INSERT INTO members (group_id, user_id) SELECT $2::uuid, id FROM made`,
    [by.directory.id, id],
  )
  const kept = () =>
    store.query<{ user_id: string; row: string }>(
      'SELECT user_id, xmin::text AS row FROM members WHERE group_id = $1::uuid ORDER BY user_id',
      [id],
    )
  const before = await kept()
  const [gone, ...others] = before.map((row) => row.user_id)
  const write = await change(id, delta({ clear: true, add: [...others, ann] }))
  assert.ok(write.kind === 'stored' && write.changed && write.group.version === 2)
  assert.deepEqual(
    (await kept()).filter((row) => row.user_id !== ann),
    before.slice(1),
  )
  const [event] = await store.query<{ detail: object }>(
    "SELECT detail FROM events WHERE resource_id = $1 AND action = 'group.members-changed'",
    [id],
  )
  assert.deepEqual(event?.detail, { added: [ann], removed: [gone] })
})

test('marks everybody inside when a Group is renamed or deleted', async () => {
  const [ann, bob] = people as [string, string]
  const { id } = await group('old name', [ann, bob])
  await settleAll()
  const renamed = await store.directory.updateGroup(
    by,
    id,
    ({ body }) => ({ body: { ...body, displayName: 'new name' }, members: delta({}) }),
    loose,
  )
  assert.ok(renamed.kind === 'stored' && renamed.group.version === 2)
  assert.equal((await due()).length, 2)
  await settleAll()
  assert.equal(await store.directory.deleteGroup(by, id), 'gone')
  assert.deepEqual(
    await due(),
    [
      [ann, 1],
      [bob, 1],
    ].sort(),
  )
  assert.equal(await store.directory.deleteGroup(by, id), 'not-found')
  assert.equal((await change(id, delta({ add: [ann] }))).kind, 'not-found')
})

test('[C-06] creates exactly one of many Groups of the same name at once where names are unique', async () => {
  const writes = await Promise.all(
    Array.from({ length: 8 }, () =>
      store.directory.createGroup(by, { displayName: 'Only' }, delta({}), { uniqueName: true }),
    ),
  )
  assert.equal(writes.filter(({ kind }) => kind === 'stored').length, 1)
  const other = await group('another')
  const rename = await store.directory.updateGroup(
    by,
    other.id,
    ({ body }) => ({ body: { ...body, displayName: 'ONLY' }, members: delta({}) }),
    { uniqueName: true },
  )
  assert.equal(rename.kind, 'duplicate')
})

test('takes a removed User out of its Groups and moves their version', async () => {
  const leaver = await person('leaver@corp.example')
  const { id } = await group('left', [leaver])
  assert.deepEqual(
    (await store.directory.groupsOf(by.directory, [leaver])).map(({ display }) => display),
    ['left'],
  )
  await store.directory.deleteUser(by, leaver)
  assert.equal(await store.directory.memberCount(by.directory, id), 1, 'still there while pending')
  const [standing] = await store.queue.outcomes(leaver)
  const claimed = await store.queue.claim(standing!.accountId)
  assert.ok(typeof claimed === 'object')
  const { wantedVersion } = await store.queue.read(claimed.lease)
  await store.queue.settle(claimed.lease, { status: 'proven', wantedVersion, deviations: [], attempts: 0 })
  assert.equal(await store.directory.memberCount(by.directory, id), 0)
  assert.equal((await store.directory.group(by.directory, id))?.version, 2)
})

test('of changes that are meant for one version a single one is made, of members as well', async () => {
  const { id, version } = await group('exact')
  const writes = await Promise.allSettled(
    people.slice(0, 8).map((userId) =>
      store.directory.updateGroup(
        by,
        id,
        (current) => {
          meantFor(version)(current)
          return { body: current.body, members: delta({ add: [userId] }) }
        },
        { uniqueName: true, exact: true },
      ),
    ),
  )
  assert.equal(writes.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.equal(await store.directory.memberCount(by.directory, id), 1)
})

test('deletes nothing that is of another version by then', async () => {
  const { id, version } = await group('stays')
  const userId = await person('stays@corp.example')
  await store.directory.changeMembers(by, id, delta({ add: [userId] }), { mostMembers: undefined })
  await assert.rejects(store.directory.deleteGroup(by, id, meantFor(version)), /another version/)
  await assert.rejects(store.directory.deleteUser(by, userId, meantFor(7)), /another version/)
  assert.equal((await store.directory.user(by.directory, userId))?.deletePending, false)
  assert.equal(await store.directory.deleteGroup(by, id, meantFor(version + 1)), 'gone')
  assert.equal(await store.directory.deleteUser(by, userId, meantFor(1)), 'pending')
})

function meantFor(version: number): (current: { readonly version: number }) => void {
  return (current) => {
    if (current.version !== version) throw new Error('another version')
  }
}
