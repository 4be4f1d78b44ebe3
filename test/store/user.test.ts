import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Actor } from '../../src/scim/ports.ts'
import { aConfiguration, aConnection, anActor, aPolicy } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'

let store: TestStore
let by: Actor
let connectionId: string

before(async () => {
  store = await openTestStore()
  const applied = await store.applyConfiguration(aConfiguration(aConnection('sentry')))
  by = anActor(applied.directoryIds.get('corp')!)
  connectionId = applied.connectionIds.get('corp/sentry')!.id
})

after(() => store.close())

const body = (userName: string, more: object = {}) => ({ userName, active: true, ...more })

async function stored(userName: string, more: object = {}) {
  const write = await store.directory.createUser(by, body(userName, more))
  assert.equal(write.kind, 'stored')
  return (write as Extract<typeof write, { kind: 'stored' }>).user
}

const accountOf = async (userId: string) =>
  (
    await store.query<{
      id: string
      wanted_version: number
      proven_version: number
      priority: number
      due_in: number
      status: string
    }>(
      `SELECT id, wanted_version, proven_version, priority, status, extract(epoch FROM due_at - now())::float AS due_in
       FROM accounts WHERE user_id = $1`,
      [userId],
    )
  )[0]!

test('stores a created User with its event and a due account in one transaction', async () => {
  const user = await stored('Joan@corp.example', {
    externalId: 'e1',
    emails: [{ value: 'Joan@corp.example' }],
  })
  assert.equal(user.version, 1)
  assert.equal(user.activeShown, true)
  assert.deepEqual(await store.directory.user(by.directory, user.id), user)
  const account = await accountOf(user.id)
  assert.deepEqual([account.wanted_version, account.proven_version, account.priority], [1, 0, 2])
  const budget = aPolicy().reply.budgetMs / 1_000
  assert.ok(account.due_in > budget - 5 && account.due_in <= budget, `due in ${account.due_in}`)
  const [event] = await store.query<{ action: string; transaction_id: string; same: boolean }>(
    `SELECT e.action, e.transaction_id, e.transaction_id % 4294967296 = u.xmin::text::bigint AS same
     FROM events e JOIN users u ON u.id::text = e.resource_id WHERE e.resource_id = $1`,
    [user.id],
  )
  assert.deepEqual([event?.action, event?.same], ['user.created', true])
})

test('[C-05] creates exactly one of many Users of the same name at once', async () => {
  const writes = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      store.directory.createUser(by, body(i % 2 ? 'twin@corp.example' : 'TWIN@corp.example')),
    ),
  )
  const kinds = writes.map(({ kind }) => kind).sort()
  assert.deepEqual(
    [kinds.filter((k) => k === 'stored').length, kinds.filter((k) => k === 'duplicate').length],
    [1, 19],
  )
})

test('lets the same create go on only when its answer never left', async () => {
  const again = () => store.directory.createUser(by, body('lost@corp.example', { externalId: 'lost' }))
  const user = await stored('lost@corp.example', { externalId: 'lost' })
  assert.equal((await again()).kind, 'running')
  await store.directory.acknowledge(by.directory, user.id, false)
  const repeats = await Promise.all([again(), again(), again()])
  assert.deepEqual(repeats.map(({ kind }) => kind).sort(), ['exists-unacknowledged', 'running', 'running'])
  await store.directory.acknowledge(by.directory, user.id, true)
  assert.equal((await again()).kind, 'duplicate')
  const other = await store.directory.createUser(by, body('lost@corp.example', { externalId: 'other' }))
  assert.equal(other.kind, 'duplicate')
})

test('takes a User back with everything but its event', async () => {
  const user = await stored('back@corp.example')
  await store.directory.takeBack(by, user.id, 'refused')
  assert.equal(await store.directory.user(by.directory, user.id), undefined)
  assert.equal((await store.query('SELECT FROM accounts WHERE user_id = $1', [user.id])).length, 0)
  const events = await store.query<{ action: string }>(
    'SELECT action FROM events WHERE resource_id = $1 ORDER BY id',
    [user.id],
  )
  assert.deepEqual(
    events.map(({ action }) => action),
    ['user.created', 'user.taken-back'],
  )
  await stored('back@corp.example')
})

test('counts every one of many edits at once', async () => {
  const user = await stored('busy@corp.example')
  await Promise.all(
    Array.from({ length: 15 }, () =>
      store.directory.updateUser(by, user.id, (current) => ({
        ...current.body,
        title: `${String(current.body['title'] ?? '')}x`,
      })),
    ),
  )
  const now = await store.directory.user(by.directory, user.id)
  assert.equal(now?.body['title'], 'x'.repeat(15))
  assert.equal(now.version, 16)
  assert.equal((await accountOf(user.id)).wanted_version, 16)
})

test('[R-12] leaves version and lastModified alone without effect, and looks at unproven accounts at once', async () => {
  const user = await stored('same@corp.example')
  const write = await store.directory.updateUser(by, user.id, (current) => current.body)
  assert.ok(write.kind === 'stored' && !write.changed)
  assert.deepEqual([write.user.version, write.user.lastModified], [user.version, user.lastModified])
  const account = await accountOf(user.id)
  assert.ok(account.due_in <= 0)
  assert.equal(account.wanted_version, 1)
})

test('refuses a name that another User has, and a foreign id', async () => {
  await stored('taken@corp.example')
  const user = await stored('mover@corp.example')
  const rename = (userName: string) =>
    store.directory.updateUser(by, user.id, (current) => ({ ...current.body, userName }))
  assert.equal((await rename('Taken@corp.example')).kind, 'duplicate')
  assert.equal((await rename('moved@corp.example')).kind, 'stored')
  const stranger = anActor('00000000-0000-7000-8000-000000000000', 'other')
  assert.equal((await store.directory.updateUser(stranger, user.id, () => body('x'))).kind, 'not-found')
  assert.equal(await store.directory.user(stranger.directory, user.id), undefined)
  assert.equal(await store.directory.deleteUser(stranger, user.id), 'not-found')
  assert.equal((await store.directory.updateUser(by, 'not-an-id', () => body('x'))).kind, 'not-found')
})

test('shows a User as active until the shut-out is proven', async () => {
  const user = await stored('leaver@corp.example')
  const off = await store.directory.updateUser(by, user.id, (current) => ({ ...current.body, active: false }))
  assert.ok(off.kind === 'stored' && off.user.activeShown)
  assert.equal((await accountOf(user.id)).priority, 0)
  await prove(user.id)
  const now = await store.directory.user(by.directory, user.id)
  assert.equal(now?.activeShown, false)
  assert.equal(now.version, off.user.version + 1)
  assert.ok(now.lastModified > off.user.lastModified)
  await prove(user.id, 'failed')
  assert.equal(
    (await store.directory.user(by.directory, user.id))?.activeShown,
    true,
    'a proof that is taken back',
  )
  const on = await store.directory.updateUser(by, user.id, (current) => ({ ...current.body, active: true }))
  assert.ok(on.kind === 'stored' && on.user.activeShown)
})

test('keeps a deleted User and its name until the removal is proven', async () => {
  const user = await stored('gone@corp.example')
  assert.equal(await store.directory.deleteUser(by, user.id), 'pending')
  assert.equal(await store.directory.deleteUser(by, user.id), 'pending')
  assert.equal((await accountOf(user.id)).wanted_version, 2, 'the wish is counted once')
  assert.equal((await store.directory.user(by.directory, user.id))?.deletePending, true)
  assert.equal((await store.directory.createUser(by, body('gone@corp.example'))).kind, 'duplicate')
  await prove(user.id)
  assert.equal(await store.directory.user(by.directory, user.id), undefined)
  assert.equal(await store.directory.deleteUser(by, user.id), 'not-found')
  const next = await stored('gone@corp.example')
  const [row] = await store.query<{ predecessor_id: string | null }>(
    'SELECT predecessor_id FROM accounts WHERE user_id = $1',
    [next.id],
  )
  assert.equal(row?.predecessor_id, null)
})

test('cancels a pending removal when the User is wanted again', async () => {
  const user = await stored('stays@corp.example')
  await store.directory.deleteUser(by, user.id)
  const aside = await store.directory.updateUser(by, user.id, ({ body }) => ({ ...body, title: 'Boss' }))
  assert.ok(aside.kind === 'stored' && aside.user.deletePending, 'only a wish to be active cancels it')
  const write = await store.directory.updateUser(by, user.id, ({ body }) => ({ ...body, active: true }))
  assert.ok(write.kind === 'stored' && write.changed && !write.user.deletePending)
  await prove(user.id)
  assert.ok(await store.directory.user(by.directory, user.id))
})

test('removes at once under accept, and lets a successor know what is still to be removed', async () => {
  const policy = aPolicy({ reply: { budgetMs: 8_000, pendingShutOut: 'accept' } })
  await store.applyConfiguration(aConfiguration(aConnection('sentry', { policy })))
  const user = await stored('quick@corp.example', { externalId: 'q' })
  assert.equal(await store.directory.deleteUser(by, user.id), 'gone')
  assert.equal(await store.directory.user(by.directory, user.id), undefined)
  const next = await stored('quick@corp.example', { externalId: 'q' })
  const claimed = await store.queue.claim((await accountOf(next.id)).id)
  assert.ok(typeof claimed === 'object')
  const work = await store.queue.read(claimed.lease)
  assert.deepEqual(work.predecessor, { accountId: (await accountOf(user.id)).id, sameExternalId: true })
  const former = await store.queue.claim(work.predecessor.accountId)
  assert.ok(typeof former === 'object')
  await store.queue.save(former.lease, { vendorAccountId: '42', vendorTenant: 'sentry:acme' })
  await store.queue.inherit(claimed.lease, former.lease)
  const heir = await store.queue.read(claimed.lease)
  assert.equal(heir.vendorAccountId, '42')
  assert.equal(heir.predecessor, undefined)
  const [ended] = await store.queue.outcomes(user.id)
  assert.deepEqual([ended?.proven, ended?.linked, ended?.connectionId], [true, false, connectionId])
  await store.applyConfiguration(aConfiguration(aConnection('sentry')))
})

test('refuses texts that the database cannot hold, and keeps everything else as it is', async () => {
  const odd = ['\0', '\ud800', `${'é'.repeat(1_001)}`]
  for (const userName of odd) {
    await assert.rejects(() => store.directory.createUser(by, body(`a${userName}`)), {
      scimType: 'invalidValue',
    })
  }
  await assert.rejects(() => store.directory.createUser(by, body('b', { title: 'x\0' })), {
    scimType: 'invalidValue',
  })
  const title = String.raw`\u0000 \\ud800 😀 "%_' $1`
  const user = await stored(`o'${title}`, { title })
  assert.equal((await store.directory.user(by.directory, user.id))?.body['title'], title)
})

async function prove(userId: string, status: 'proven' | 'failed' = 'proven'): Promise<void> {
  const { id } = await accountOf(userId)
  const claimed = await store.queue.claim(id)
  assert.ok(typeof claimed === 'object', String(claimed))
  const { wantedVersion } = await store.queue.read(claimed.lease)
  await store.queue.settle(claimed.lease, {
    status,
    wantedVersion,
    deviations: [],
    attempts: 0,
    failure: null,
  })
}
