import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { Actor, GroupWrite, MemberDelta } from '../../src/scim/ports.ts'
import { aConfiguration, aConnection, anActor } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'

let store: TestStore
let by: Actor
let other: Actor
let people: readonly string[]

before(async () => {
  store = await openTestStore()
  const configuration = aConfiguration(aConnection('sentry'))
  const [corp] = configuration.directories
  const second = { ...corp!, name: 'second', tokens: [], connections: [] }
  const applied = await store.applyConfiguration({ directories: [corp!, second] })
  by = anActor(applied.directoryIds.get('corp')!)
  other = anActor(applied.directoryIds.get('second')!)
  people = await Promise.all(several(40).map((n) => created(`p${n}@corp.example`)))
})

after(() => store.close())

const several = (count: number) => Array.from({ length: count }, (_, n) => n)
const request = (n: number, of = by): Actor => ({ ...of, requestId: `request-${n}` })
const delta = (add: readonly string[], remove: readonly string[] = []): MemberDelta => ({
  clear: false,
  add: new Set(add),
  remove: new Set(remove),
})

async function created(userName: string, of = by): Promise<string> {
  const write = await store.directory.createUser(of, {
    userName,
    active: true,
    emails: [{ value: userName }],
  })
  assert.ok(write.kind === 'stored')
  return write.user.id
}

async function group(displayName: string, add: readonly string[] = [], of = by): Promise<string> {
  const write = await store.directory.createGroup(of, { displayName }, delta(add), { uniqueName: false })
  assert.ok(write.kind === 'stored')
  return write.group.id
}

const change = (id: string, members: MemberDelta, n = 0, mostMembers?: number, of = by) =>
  store.directory.changeMembers(request(n, of), id, members, { mostMembers })
const versionOf = (write: GroupWrite) => (write.kind === 'stored' ? write.group.version : write.kind)
const memberIds = async (id: string, of = by) =>
  (await store.directory.members(of.directory, [id])).map(({ userId }) => userId)
/** Events of a resource, and in how many transactions they were written. */
async function eventsOf(id: string) {
  return (await store.query(
    `SELECT request_id, detail, transaction_id::text AS transaction FROM events WHERE resource_id = '${id}' AND action = 'group.members-changed' ORDER BY id`,
  )) as readonly { request_id: string; detail: object; transaction: string }[]
}

test('changes many Groups at once, each with its own version, event and members', async () => {
  const groups = await Promise.all(several(8).map((n) => group(`many ${n}`, [people[n]!])))
  const writes = await Promise.all(
    groups.map((id, n) => change(id, delta([people[n + 10]!], n % 2 === 0 ? [people[n]!] : []), n, 10)),
  )
  assert.deepEqual(
    writes.map(versionOf),
    several(8).map(() => 2),
  )
  const transactions = new Set<string>()
  for (const [n, id] of groups.entries()) {
    const left = n % 2 === 0 ? [people[n + 10]!] : [people[n]!, people[n + 10]!].sort()
    const write = writes[n]!
    assert.ok(write.kind === 'stored' && Array.isArray(write.group.members))
    assert.deepEqual(
      write.group.members.map(({ userId }) => userId),
      left,
    )
    assert.deepEqual(await memberIds(id), left)
    const [event, ...more] = (await eventsOf(id)).slice(-1)
    assert.deepEqual(
      [event?.request_id, event?.detail, more],
      [`request-${n}`, { added: [people[n + 10]!], removed: n % 2 === 0 ? [people[n]!] : [] }, []],
    )
    transactions.add(event!.transaction)
  }
  assert.ok(transactions.size < groups.length, `${transactions.size} transactions`)
})

test('loses nothing of many changes of one Group, and numbers them all', async () => {
  const id = await group('one')
  const writes = await Promise.all(people.map((user, n) => change(id, delta([user]), n)))
  assert.deepEqual(
    writes.map(versionOf).sort((a, b) => Number(a) - Number(b)),
    several(40).map((n) => n + 2),
  )
  assert.deepEqual(await memberIds(id), people.toSorted())
  assert.equal((await eventsOf(id)).length, 40)
  assert.deepEqual(await store.query(`SELECT version FROM groups WHERE id = '${id}'`), [{ version: 41 }])
})

test('keeps the order of changes of one Group that concern the same person, or show the members', async () => {
  const [ann, bob] = people as [string, string]
  const id = await group('order')
  const writes = await Promise.all([
    change(id, delta([ann]), 1),
    change(id, delta([], [ann]), 2),
    change(id, delta([ann, bob]), 3, 10),
    change(id, delta([], [bob]), 4, 10),
    change(await group('another'), delta([ann]), 5),
  ])
  assert.deepEqual(writes.map(versionOf), [2, 3, 4, 5, 2])
  const shown = writes.slice(2, 4).map((write) => write.kind === 'stored' && write.group.members)
  assert.deepEqual(
    shown.map((each) => Array.isArray(each) && each.length),
    [2, 1],
  )
  assert.deepEqual(await memberIds(id), [ann])
})

test('tells each change apart from what others are refused', async () => {
  const [ann] = people as [string]
  const mine = await group('mine')
  const foreign = await group('foreign', [], other)
  const stranger = await created('stranger@second.example', other)
  const writes = await Promise.all([
    change(foreign, delta([ann])),
    change('01960000-0000-7000-8000-00000000dead', delta([ann])),
    change(mine, delta([ann, stranger]), 7),
    change(mine, delta([ann])),
    change(foreign, delta([stranger]), 8, undefined, other),
  ])
  assert.deepEqual(writes.map(versionOf), ['not-found', 'not-found', 2, 2, 2])
  assert.deepEqual(writes[2]?.kind === 'stored' && writes[2].unknownMembers, [stranger])
  assert.equal(writes[3]?.kind === 'stored' && writes[3].changed, false)
  assert.deepEqual([await memberIds(mine), await memberIds(foreign, other)], [[ann], [stranger]])
})

test('makes the accounts of everybody due who came or went', async () => {
  const groups = await Promise.all(several(4).map((n) => group(`due ${n}`, [people[n]!])))
  await store.query('UPDATE accounts SET proven_version = wanted_version, due_at = NULL')
  const writes = await Promise.all(
    groups.map((id, n) => change(id, delta([people[n + 20]!], [people[n]!]), n)),
  )
  assert.deepEqual(
    writes.map((write) => write.kind === 'stored' && write.due),
    several(4).map(() => true),
  )
  const due = (await store.query(
    'SELECT user_id, priority FROM accounts WHERE due_at IS NOT NULL',
  )) as readonly { user_id: string; priority: number }[]
  const expected = several(4).flatMap((n) => [
    { user_id: people[n]!, priority: 1 },
    { user_id: people[n + 20]!, priority: 2 },
  ])
  const byId = (a: { user_id: string }, b: { user_id: string }): number => (a.user_id < b.user_id ? -1 : 1)
  assert.deepEqual(due.toSorted(byId), expected.sort(byId))
})

test('does not wait for a Group that another transaction holds', async () => {
  const [held, free] = [await group('held'), await group('free')]
  const [ann] = people as [string]
  const holder = new pg.Client({ connectionString: store.url })
  await holder.connect()
  await holder.query('BEGIN')
  await holder.query('SELECT FROM groups WHERE id = $1 FOR UPDATE', [held])
  const late = change(held, delta([ann]), 1)
  const soon = await Promise.all([
    change(free, delta([ann]), 2),
    change(await group('freer'), delta([ann]), 3),
  ])
  assert.deepEqual(soon.map(versionOf), [2, 2])
  assert.deepEqual(await eventsOf(held), [])
  await holder.query('COMMIT')
  await holder.end()
  assert.equal(versionOf(await late), 2)
})

test('creates many Users at once, each with its event and accounts, and refuses the second of a name', async () => {
  const names = several(12).map((n) => `New${n % 11}@corp.example`)
  const writes = await Promise.all(
    names.map((userName, n) =>
      store.directory.createUser(request(n), {
        userName,
        externalId: `e${n}`,
        displayName: 'New "one" \\ \n',
        emails: [{ value: userName }, { value: `other-${n}@corp.example` }],
        active: n % 2 === 0,
      }),
    ),
  )
  assert.deepEqual(
    writes.map(({ kind }) => kind),
    [...several(11).map(() => 'stored'), 'duplicate'],
  )
  const rows =
    await store.query(`SELECT user_name, user_name_key, external_id, display_name_key, email_keys, active_wanted, active_shown,
      body->>'displayName' AS display, create_running_until > now() AS running, acknowledged_at,
      (SELECT array_agg(priority) FROM accounts WHERE user_id = users.id) AS priorities,
      (SELECT array_agg(shut_out_request_id) FROM accounts WHERE user_id = users.id) AS shut_out,
      (SELECT array_agg(request_id || ' ' || (detail->'after'->>'userName')) FROM events WHERE resource_id = users.id::text) AS events
    FROM users WHERE user_name LIKE 'New%' ORDER BY created_at, external_id COLLATE "C"`)
  const sorted = several(11).toSorted((a, b) => (`e${a}` < `e${b}` ? -1 : 1))
  const byExternalId = (rows as { external_id: string }[]).toSorted((a, b) =>
    a.external_id < b.external_id ? -1 : 1,
  )
  assert.deepEqual(
    byExternalId,
    sorted.map((n) => ({
      user_name: `New${n}@corp.example`,
      user_name_key: `new${n}@corp.example`,
      external_id: `e${n}`,
      display_name_key: 'new "one" \\ \n',
      email_keys: [`new${n}@corp.example`, `other-${n}@corp.example`],
      active_wanted: n % 2 === 0,
      active_shown: n % 2 === 0,
      display: 'New "one" \\ \n',
      running: true,
      acknowledged_at: null,
      priorities: [n % 2 === 0 ? 2 : 0],
      shut_out: [n % 2 === 0 ? null : `request-${n}`],
      events: [`request-${n} New${n}@corp.example`],
    })),
  )
})

test('lets a membership come while a removal waits for the accounts that this one holds', async () => {
  const user = await created('leaver@corp.example')
  const holder = new pg.Client({ connectionString: store.url })
  await holder.connect()
  /** Something waits for the account, and the User's key is free nevertheless. */
  const withAccountHeld = async (work: () => Promise<unknown>): Promise<void> => {
    await holder.query('BEGIN')
    await holder.query('SELECT FROM accounts WHERE user_id = $1 FOR UPDATE', [user])
    const done = work()
    while ((await store.query('SELECT FROM pg_locks WHERE NOT granted')).length === 0);
    await holder.query('SELECT FROM users WHERE id = $1 FOR KEY SHARE NOWAIT', [user])
    await holder.query('COMMIT')
    await done
  }
  await withAccountHeld(() => store.directory.deleteUser(by, user))
  const connections = await store.query<{ id: string }>('SELECT id FROM connections')
  const { begun } = await store.queue.begin(
    user,
    connections.map(({ id }) => id),
    8,
  )
  const { lease } = begun[0]!.claimed
  const settlement = { status: 'pending', wantedVersion: 1, deviations: [], attempts: 1 } as const
  await withAccountHeld(() => store.queue.settle(lease, settlement))
  await holder.end()
})
