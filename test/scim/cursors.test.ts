import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { memoryDirectory } from '../support/memory-directory.ts'
import { aGroup, aUser, scimApp, type ScimApp, type ScimAppOptions } from '../support/scim-app.ts'

type Json = Readonly<Record<string, unknown>>
const resourcesOf = (json: Json): readonly Json[] => json['Resources'] as Json[]
const query = (parameters: Readonly<Record<string, string>>): string => `?${new URLSearchParams(parameters)}`
const searchRequest = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

async function withUsers(t: TestContext, options: ScimAppOptions = {}, howMany = 5): Promise<ScimApp> {
  const scim = await scimApp(t, options)
  for (let n = 1; n <= howMany; n++) await scim.call('POST', '/Users', aUser(`user${n}@corp.example`))
  return scim
}

/** All pages, one after the other. */
async function walk(
  { call }: ScimApp,
  path: string,
  parameters: Readonly<Record<string, string>>,
  between: () => Promise<unknown> = async () => {},
): Promise<readonly Json[]> {
  const pages: Json[] = []
  for (let cursor: unknown = ''; cursor !== undefined && pages.length < 50;) {
    const { status, json, text } = await call('GET', path + query({ ...parameters, cursor: String(cursor) }))
    assert.equal(status, 200, text)
    pages.push(json)
    cursor = json['nextCursor']
    await between()
  }
  return pages
}

const namesOf = (pages: readonly Json[]): readonly unknown[] =>
  pages.flatMap(resourcesOf).map(({ userName, displayName }) => userName ?? displayName)

describe('paging by cursor', () => {
  it('gives a cursor on every page but the last, and every User once', async (t) => {
    const scim = await withUsers(t)
    const pages = await walk(scim, '/Users', { count: '2' })
    assert.deepEqual(
      pages.map(({ itemsPerPage, totalResults }) => [itemsPerPage, totalResults]),
      [
        [2, 5],
        [2, 5],
        [1, 5],
      ],
    )
    assert.deepEqual(
      namesOf(pages),
      [1, 2, 3, 4, 5].map((n) => `user${n}@corp.example`),
    )
    for (const page of pages) assert.equal(page['startIndex'], undefined)
    assert.match(String(pages[0]?.['nextCursor']), /^[\w.~-]+$/)
  })

  it('ends without an empty page when the last one is full', async (t) => {
    const scim = await withUsers(t, {}, 4)
    assert.equal((await walk(scim, '/Users', { count: '2' })).length, 2)
    assert.equal((await walk(scim, '/Users', { filter: 'userName eq "nobody"' })).length, 1)
  })

  it('leaves clients that send no cursor with the index', async (t) => {
    const { call } = await withUsers(t)
    const { json } = await call('GET', '/Users?count=2')
    assert.equal(json['nextCursor'], undefined)
    assert.equal(json['startIndex'], 1)
  })

  it('meets nobody twice and misses nobody while Users are created', async (t) => {
    const scim = await withUsers(t, {}, 6)
    let made = 0
    const pages = await walk(scim, '/Users', { count: '2' }, async () => {
      if (made++ < 3) await scim.call('POST', '/Users', aUser(`late${made}@corp.example`))
    })
    const names = namesOf(pages)
    assert.equal(new Set(names).size, names.length)
    for (let n = 1; n <= 6; n++) assert.ok(names.includes(`user${n}@corp.example`))
  })

  it('works with filters, sorting and projection, also as a search', async (t) => {
    const scim = await withUsers(t)
    const parameters = {
      filter: 'not (userName eq "user3@corp.example")',
      sortBy: 'userName',
      sortOrder: 'descending',
      attributes: 'userName',
      count: '3',
    }
    const pages = await walk(scim, '/Users', parameters)
    assert.deepEqual(
      namesOf(pages),
      [5, 4, 2, 1].map((n) => `user${n}@corp.example`),
    )
    assert.deepEqual(Object.keys(resourcesOf(pages[0]!)[0]!).sort(), ['id', 'schemas', 'userName'])
    const body = { schemas: [searchRequest], ...parameters, attributes: ['userName'], count: 3, cursor: '' }
    const first = await scim.call('POST', '/Users/.search', body)
    const second = await scim.call('POST', '/Users/.search', { ...body, cursor: first.json['nextCursor'] })
    assert.deepEqual(namesOf([first.json, second.json]), namesOf(pages))
    assert.equal(second.json['nextCursor'], undefined)
  })

  const changes: readonly Readonly<Record<string, string>>[] = [
    { filter: 'active eq false' },
    { sortBy: 'id' },
    { sortBy: 'userName', sortOrder: 'descending' },
    { attributes: 'id' },
    { excludedAttributes: 'groups' },
  ]
  for (const change of changes) {
    it(`answers 400 invalidCursor when the query becomes ${JSON.stringify(change)}`, async (t) => {
      const { call } = await withUsers(t)
      const first = await call('GET', '/Users?count=2&cursor=&sortBy=userName')
      const cursor = String(first.json['nextCursor'])
      const { status, json } = await call(
        'GET',
        `/Users${query({ count: '2', sortBy: 'userName', ...change, cursor })}`,
      )
      assert.equal(status, 400)
      assert.equal(json['scimType'], 'invalidCursor')
      assert.equal(
        (await call('GET', `/Users${query({ count: '1', sortBy: 'userName', cursor })}`)).status,
        200,
      )
    })
  }

  it('answers 400 invalidCursor to anything that it did not make itself', async (t) => {
    const scim = await withUsers(t)
    const made = String((await scim.call('GET', '/Users?count=2&cursor=')).json['nextCursor'])
    const flipped = [...made].map((each, at) => (at === made.length >> 1 ? (each === 'A' ? 'B' : 'A') : each))
    const forged = [
      'x',
      '0',
      'null',
      `${made}A`,
      made.slice(4),
      flipped.join(''),
      'A'.repeat(20_000),
      '😀',
      '..',
    ]
    for (const cursor of forged) {
      const { status, json } = await scim.call('POST', '/Users/.search', {
        schemas: [searchRequest],
        count: 2,
        cursor,
      })
      assert.equal(status, 400, cursor)
      assert.equal(json['scimType'], 'invalidCursor', cursor)
    }
    const other = await withUsers(t)
    assert.equal((await other.call('GET', `/Users?count=2&cursor=${made}`)).json['scimType'], 'invalidCursor')
    assert.equal((await scim.call('GET', `/Groups?count=2&cursor=${made}`)).json['scimType'], 'invalidCursor')
  })

  it('shows nothing of the Users in the cursor', async (t) => {
    const { call } = await withUsers(t)
    const { json } = await call('GET', '/Users?count=2&cursor=&sortBy=userName')
    const cursor = Buffer.from(String(json['nextCursor']), 'base64url')
    assert.doesNotMatch(cursor.toString('latin1'), /corp/)
  })

  it('goes on in another process with the same secret, and not in another directory', async (t) => {
    const cursorSecret = Buffer.alloc(32, 7)
    const one = await withUsers(t, { cursorSecret })
    const { json } = await one.call('GET', '/Users?count=2&cursor=')
    const path = `/Users?count=2&cursor=${json['nextCursor']}`
    const other = await scimApp(t, { cursorSecret, memory: one.memory })
    assert.equal((await other.call('GET', path)).json['itemsPerPage'], 2)
    const foreign = { ...one.directory, id: 'id-of-another' }
    const stranger = await scimApp(t, { cursorSecret, verifyToken: async () => foreign })
    assert.equal((await stranger.call('GET', path)).json['scimType'], 'invalidCursor')
  })

  it('answers 400 expiredCursor once the cursor is older than it says', async (t) => {
    const { call } = await withUsers(t, { limits: { cursorTimeout: 60 } })
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
    const { json } = await call('GET', '/Users?count=2&cursor=')
    t.mock.timers.tick(59_000)
    const path = `/Users?count=2&cursor=${json['nextCursor']}`
    assert.equal((await call('GET', path)).status, 200)
    t.mock.timers.tick(2_000)
    const late = await call('GET', path)
    assert.equal(late.status, 400)
    assert.equal(late.json['scimType'], 'expiredCursor')
    assert.match(String(late.json['detail']), /60 seconds/)
  })

  for (const count of ['0', '-1', 'ten', '1.5']) {
    it(`answers 400 invalidCount to a count of ${count}`, async (t) => {
      const { call } = await scimApp(t)
      const { status, json } = await call('GET', `/Users?cursor=&count=${count}`)
      assert.equal(status, 400)
      assert.equal(json['scimType'], 'invalidCount')
    })
  }

  it('gives at most the maximum, and refuses a page that begins in two places', async (t) => {
    const { call } = await withUsers(t, { limits: { maxCount: 3 } })
    assert.equal((await call('GET', '/Users?cursor=&count=100')).json['itemsPerPage'], 3)
    assert.equal((await call('GET', '/Users?cursor=&startIndex=1')).status, 200)
    const { status, json } = await call('GET', '/Users?cursor=&startIndex=2')
    assert.equal(status, 400)
    assert.equal(json['scimType'], 'invalidValue')
  })

  it('pages, sorts and searches Roles as it does Users', async (t) => {
    const catalogue = ['c', 'A', 'b'].map((name, at) => ({
      connection: 'falcon',
      vendor: 'crowdstrike',
      kind: 'role' as const,
      id: `role${at}`,
      name,
      privileged: false,
    }))
    const scim = await scimApp(t, { memory: memoryDirectory({ catalogue }) })
    const pages = await walk(scim, '/Roles', { count: '2', sortBy: 'displayName' })
    assert.deepEqual(namesOf(pages), ['A', 'b', 'c'])
    const search = { schemas: [searchRequest], filter: 'displayName eq "B"' }
    assert.deepEqual(namesOf([(await scim.call('POST', '/Roles/.search', search)).json]), ['b'])
  })

  it('walks Users and Groups together, in the order of creation and sorted', async (t) => {
    const scim = await withUsers(t)
    for (const name of ['Zulu', 'alpha', 'Mike']) await scim.call('POST', '/Groups', aGroup(name))
    const plain = namesOf(await walk(scim, '/', { count: '3' }))
    assert.deepEqual(plain.slice(5), ['Zulu', 'alpha', 'Mike'])
    assert.equal(new Set(plain).size, 8)
    const sorted = namesOf(await walk(scim, '/', { count: '3', sortBy: 'displayName' }))
    assert.deepEqual(sorted.slice(0, 3), ['alpha', 'Mike', 'Zulu'])
    assert.equal(new Set(sorted).size, 8)
  })
})
