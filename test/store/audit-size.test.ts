import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { run } from '../../src/app/program.ts'
import { verifyAudit } from '../../src/operations/audit/verify.ts'
import { aConfiguration, aConnection } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'
import { page, seal } from '../../src/operations/audit/store.ts'

const many = 20_000
const most = 12 * 1024 * 1024

let store: TestStore

before(async () => {
  store = await openTestStore()
  const applied = await store.applyConfiguration(aConfiguration(aConnection('sentry')))
  await store.query(
    `INSERT INTO events (directory_id, actor, action, resource_type, resource_id, detail)
     SELECT $1::uuid, 'token:okta', 'user.changed', 'User', n::text, jsonb_build_object('displayName', repeat('x', 200))
     FROM generate_series(1, ${many}) n`,
    [applied.directoryIds.get('corp')!],
  )
  while ((await seal(store.db, 10_000)).length > 0);
})
after(() => store.close())

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What is still held now, in bytes. */
function live(): number {
  collect()
  return process.memoryUsage().heapUsed
}

test('a long audit is verified in the memory of a short one', async () => {
  const before = live()
  let highest = 0
  let seen = 0
  const [corp] = await verifyAudit(store.db, [], (events) => {
    seen += events
    if (seen % 5_000 < events) highest = Math.max(highest, live() - before)
  })
  assert.deepEqual([corp?.events, corp?.faults], [many, []])
  assert.ok(highest > 0 && highest < most, `${highest} bytes`)
})

test('a long audit is exported page by page, every event once', async (t) => {
  // The operator API's own answer, without a gateway around it.
  const server = createServer((request, response) => {
    const after = new URL(request.url!, 'http://local').searchParams.get('after') ?? '0'
    void page(store.db, {}, after, 501).then((found) => {
      const items = found.slice(0, 500)
      response.end(JSON.stringify({ items, ...(found.length > 500 ? { next: items.at(-1)!.id } : {}) }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const env = {
    DRAWBRIDGE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    DRAWBRIDGE_ADMIN_TOKEN: 'an-operator-of-the-test',
  }
  const start = live()
  let [lines, highest] = [0, 0]
  const stdout = {
    write() {
      lines += 1
      if (lines % 5_000 === 0) highest = Math.max(highest, live() - start)
    },
  }
  const stderr = { write: (text: string) => assert.fail(text) }
  assert.equal(await run(['audit', 'export'], { env, stdout, stderr }), 0)
  const [row] = await store.query<{ count: number }>('SELECT count(*)::int AS count FROM events')
  assert.equal(lines, row!.count)
  assert.ok(highest > 0 && highest < most, `${highest} bytes`)
})
