import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parseFilter } from '../../src/scim/filter/parse.ts'
import type { Actor } from '../../src/scim/ports.ts'
import { userModel } from '../../src/scim/schema/model.ts'
import { aConfiguration, anActor } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'

let store: TestStore
let loud: Actor
let quiet: Actor

before(async () => {
  store = await openTestStore()
  const [corp] = aConfiguration().directories
  const applied = await store.applyConfiguration({
    directories: [
      { ...corp!, connections: [] },
      { ...corp!, name: 'other', tokens: [], connections: [] },
    ],
  })
  loud = anActor(applied.directoryIds.get('corp')!)
  quiet = anActor(applied.directoryIds.get('other')!)
  const title = 'x'.repeat(1_500)
  for (let at = 0; at < 3_000; at += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        store.directory.createUser(loud, { userName: `p${at + n}@corp.example`, title, active: true }),
      ),
    )
  }
})

after(() => store.close())

test('24 searches at once that no index answers do not delay the leaver of another directory', async () => {
  const made = await store.directory.createUser(quiet, { userName: 'leaver@other.example', active: true })
  assert.ok(made.kind === 'stored')
  const filter = parseFilter('title co "zzz"', userModel)
  const query = { filter, startIndex: 1, count: 100 }
  let running = 24
  const searches = Array.from({ length: 24 }, () =>
    store.directory.users(loud.directory, query).finally(() => running--),
  )
  await new Promise((resolve) => setTimeout(resolve, 20))
  const begun = performance.now()
  const left = await store.directory.updateUser(quiet, made.user.id, ({ body }) => ({
    ...body,
    active: false,
  }))
  const tookMs = performance.now() - begun
  assert.equal(left.kind, 'stored')
  assert.ok(running >= 12, `only ${running} searches were still running`)
  assert.ok(tookMs < 250, `${Math.round(tookMs)} ms`)
  for (const { total } of await Promise.all(searches)) assert.equal(total, 0)
})
