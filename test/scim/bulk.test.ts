import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { memoryDirectory } from '../support/memory-directory.ts'
import {
  aGroup,
  aPatch,
  aUser,
  base,
  coreGroup,
  coreUser,
  type ScimApp,
  scimApp,
} from '../support/scim-app.ts'

const bulkRequest = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const bulkResponse = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

interface Operation {
  readonly method: string
  readonly path?: string
  readonly bulkId?: string
  readonly version?: string
  readonly data?: unknown
}

interface Outcome {
  readonly method: string
  readonly bulkId?: string
  readonly location?: string
  readonly version?: string
  readonly status: string
  readonly response?: { readonly status: string; readonly scimType?: string; readonly detail: string }
}

const bulk = (operations: readonly Operation[], more: object = {}): object => ({
  schemas: [bulkRequest],
  Operations: operations,
  ...more,
})

const post = (bulkId: string, path: string, data: unknown): Operation => ({
  method: 'POST',
  path,
  bulkId,
  data,
})

const managed = (name: string, manager: string): object =>
  aUser(`${name}@example.com`, { [enterprise]: { manager: { value: manager } } })

async function run(
  { call }: ScimApp,
  operations: readonly Operation[],
  more: object = {},
): Promise<Outcome[]> {
  const answer = await call('POST', '/Bulk', bulk(operations, more))
  assert.equal(answer.status, 200, answer.text)
  assert.deepEqual(answer.json['schemas'], [bulkResponse])
  return answer.json['Operations'] as Outcome[]
}

/** Path below the base URL of what an operation wrote. */
function pathOf(outcome: Outcome | undefined): string {
  const location = outcome?.location ?? ''
  return location.slice(location.indexOf(base) + base.length)
}

const idOf = (outcome: Outcome | undefined): string => pathOf(outcome).split('/')[2] ?? ''

const statuses = (outcomes: readonly Outcome[]): readonly string[] => outcomes.map(({ status }) => status)

async function membersOf({ call }: ScimApp, group: Outcome | undefined): Promise<readonly string[]> {
  const { json } = await call('GET', pathOf(group))
  return ((json['members'] ?? []) as { value: string }[]).map(({ value }) => value)
}

async function managerOf({ call }: ScimApp, user: Outcome | undefined): Promise<unknown> {
  const { json } = await call('GET', pathOf(user))
  return (json[enterprise] as { manager?: { value?: unknown } } | undefined)?.manager?.value
}

describe('POST /Bulk', () => {
  it('[B-01] answers each write as a request of its own would be, with string status, location and version', async (t) => {
    const app = await scimApp(t)
    const [made] = await run(app, [post('ada', '/Users', aUser('ada@example.com'))])
    assert.match(made?.location ?? '', new RegExp(`^http://[^/]+${base}/Users/[\\w-]+$`))
    assert.deepEqual(made, {
      method: 'POST',
      bulkId: 'ada',
      version: 'W/"1"',
      location: made?.location,
      status: '201',
    })
    const path = pathOf(made)
    const outcomes = await run(app, [
      { method: 'patch', path, data: aPatch({ op: 'replace', path: 'title', value: 'Countess' }) },
      { method: 'PUT', path, version: 'W/"2"', data: aUser('ada@example.com', { title: 'Lady' }) },
      { method: 'DELETE', path, bulkId: 'end' },
    ])
    assert.deepEqual(outcomes, [
      { method: 'PATCH', version: 'W/"2"', location: made?.location, status: '200' },
      { method: 'PUT', version: 'W/"3"', location: made?.location, status: '200' },
      { method: 'DELETE', bulkId: 'end', location: made?.location, status: '204' },
    ])
    assert.equal((await app.call('GET', path)).status, 404)
  })

  it('[B-01] goes on after a failure and tells it in the response, without a location for a POST', async (t) => {
    const app = await scimApp(t)
    const outcomes = await run(app, [
      post('one', '/Users', aUser('same@example.com')),
      post('two', '/Users', aUser('SAME@example.com')),
      { method: 'DELETE', path: '/Users/unknown' },
      post('three', '/Users', aUser('other@example.com')),
    ])
    assert.deepEqual(statuses(outcomes), ['201', '409', '404', '201'])
    assert.equal(outcomes[1]?.location, undefined)
    assert.equal(outcomes[1]?.response?.status, '409')
    assert.equal(outcomes[1]?.response?.scimType, 'uniqueness')
    assert.match(outcomes[2]?.location ?? '', /\/Users\/unknown$/)
  })

  const refused: readonly [status: string, says: string, operation: Operation][] = [
    ['400', 'a POST without bulkId', { method: 'POST', path: '/Users', data: aUser('a@example.com') }],
    ['400', 'data that is no resource', post('x', '/Users', 'text')],
    ['400', 'a PATCH without data', { method: 'PATCH', path: '/Users/1' }],
    ['404', 'an unknown endpoint', post('x', '/Devices', {})],
    ['404', 'a relative path out of the service provider', post('x', '/../admin', {})],
    ['405', 'a GET', { method: 'GET', path: '/Users/1' }],
    ['405', 'a PUT of the collection', { method: 'PUT', path: '/Users', data: {} }],
    ['405', 'a POST to a resource', post('x', '/Users/1', {})],
    ['404', 'a write of what clients only read', post('x', '/Roles', {})],
    ['412', 'another version', { method: 'DELETE', path: '', version: 'W/"7"' }],
  ]
  for (const [status, says, operation] of refused) {
    it(`[B-01] answers ${status} in the response to ${says}`, async (t) => {
      const app = await scimApp(t)
      const [made] = await run(app, [post('ada', '/Users', aUser('ada@example.com'))])
      const [outcome] = await run(app, [{ ...operation, path: operation.path || pathOf(made) }])
      assert.equal(outcome?.status, status, JSON.stringify(outcome))
      assert.equal(outcome?.response?.status, status)
    })
  }

  it('[B-01] refuses the second POST of one bulkId, which would make references ambiguous', async (t) => {
    const app = await scimApp(t)
    const outcomes = await run(app, [
      post('x', '/Users', aUser('a@example.com')),
      post('x', '/Users', aUser('b@example.com')),
      post('g', '/Groups', aGroup('G', 'bulkId:x')),
    ])
    assert.deepEqual(statuses(outcomes), ['201', '400', '201'])
    assert.deepEqual(await membersOf(app, outcomes[2]), [idOf(outcomes[0])])
  })

  const malformed: readonly [scimType: string, says: string, body: unknown][] = [
    ['invalidSyntax', 'no object', []],
    ['invalidSyntax', 'another message', { schemas: [coreUser], Operations: [] }],
    ['invalidSyntax', 'no operations', bulk([])],
    ['invalidSyntax', 'operations that are no list', { schemas: [bulkRequest], Operations: {} }],
    ['invalidSyntax', 'an operation that is no object', { schemas: [bulkRequest], Operations: [null] }],
    ['invalidSyntax', 'an operation without path', bulk([{ method: 'POST' }])],
    [
      'invalidSyntax',
      'a bulkId that is a number',
      bulk([{ method: 'POST', path: '/Users', bulkId: 1 as never }]),
    ],
    ['invalidValue', 'failOnErrors 0', bulk([{ method: 'DELETE', path: '/Users/1' }], { failOnErrors: 0 })],
    [
      'invalidValue',
      'failOnErrors "1"',
      bulk([{ method: 'DELETE', path: '/Users/1' }], { failOnErrors: '1' }),
    ],
  ]
  for (const [scimType, says, body] of malformed) {
    it(`answers 400 ${scimType} to ${says}`, async (t) => {
      const { call } = await scimApp(t)
      const answer = await call('POST', '/Bulk', body)
      assert.equal(answer.status, 400)
      assert.equal(answer.json['scimType'], scimType)
    })
  }
})

describe('bulkId references', () => {
  it('[B-02] are resolved backwards and forwards, in values, $ref, paths and filters of paths', async (t) => {
    const app = await scimApp(t)
    const outcomes = await run(app, [
      post('g', '/Groups', aGroup('Engineering', 'bulkId:ada', 'bulkId:bob')),
      post('ada', '/Users', {
        ...managed('ada', 'bulkId:bob'),
        [enterprise]: { manager: { value: 'bulkId:bob', $ref: '../Users/bulkId:bob' } },
      }),
      post('bob', '/Users', aUser('bob@example.com')),
      {
        method: 'PATCH',
        path: '/Groups/bulkId:g',
        data: aPatch({ op: 'remove', path: 'members[value eq "bulkId:bob"]' }),
      },
      {
        method: 'PATCH',
        path: '/Users/bulkId:bob',
        data: aPatch({ op: 'add', value: { title: 'bulkId:ada' } }),
      },
    ])
    assert.deepEqual(statuses(outcomes), ['201', '201', '201', '200', '200'])
    const [group, ada, bob] = outcomes
    assert.deepEqual(await membersOf(app, group), [idOf(ada)])
    assert.equal(await managerOf(app, ada), idOf(bob))
    const shown = await app.call('GET', pathOf(ada))
    const { manager } = shown.json[enterprise] as { manager: { $ref: string } }
    assert.equal(manager.$ref, bob?.location)
    assert.equal((await app.call('GET', pathOf(bob))).json['title'], idOf(ada))
  })

  it('[B-02] move nothing but what waits: writes of one resource keep their order', async (t) => {
    const app = await scimApp(t)
    const [first, group] = await run(app, [
      post('old', '/Users', aUser('name@example.com')),
      post('g', '/Groups', aGroup('Before')),
    ])
    const outcomes = await run(app, [
      {
        method: 'PATCH',
        path: pathOf(group),
        data: aPatch({ op: 'add', path: 'members', value: [{ value: 'bulkId:new' }] }),
      },
      { method: 'PUT', path: pathOf(group), data: aGroup('After') },
      { method: 'DELETE', path: pathOf(first) },
      post('new', '/Users', aUser('name@example.com')),
    ])
    assert.deepEqual(statuses(outcomes), ['200', '200', '204', '201'])
    assert.deepEqual(await membersOf(app, group), [], 'the PUT came after the PATCH')
  })

  it('[B-02] are resolved in circles, by creating first and adding afterwards', async (t) => {
    const app = await scimApp(t)
    const outcomes = await run(app, [
      post('a', '/Users', managed('a', 'bulkId:b')),
      post('b', '/Users', managed('b', 'bulkId:c')),
      post('c', '/Users', { ...managed('c', 'bulkId:a'), nickName: 'bulkId:g' }),
      post('g', '/Groups', aGroup('Circle', 'bulkId:a', 'bulkId:b', 'bulkId:c')),
      post('self', '/Users', managed('self', 'bulkId:self')),
      {
        method: 'PATCH',
        path: '/Users/bulkId:a',
        data: aPatch({ op: 'remove', path: `${enterprise}:manager` }),
      },
    ])
    assert.deepEqual(statuses(outcomes), ['201', '201', '201', '201', '201', '200'])
    const [a, b, c, group, self] = outcomes
    assert.equal(await managerOf(app, a), undefined, 'the later PATCH came last')
    assert.equal(await managerOf(app, b), idOf(c))
    assert.equal(await managerOf(app, c), idOf(a))
    assert.equal(await managerOf(app, self), idOf(self))
    assert.deepEqual(new Set(await membersOf(app, group)), new Set([a, b, c].map(idOf)))
    assert.equal(a?.version, 'W/"2"', 'the version after the reference was added')
  })

  it('[B-05] that cannot be resolved are 409 for their operation, and the others go on', async (t) => {
    const app = await scimApp(t)
    const outcomes = await run(app, [
      post('g', '/Groups', aGroup('Nobody', 'bulkId:nobody')),
      post('bad', '/Users', { schemas: [coreUser] }),
      post('ada', '/Users', managed('ada', 'bulkId:bad')),
      { method: 'DELETE', path: '/Users/bulkId:bad' },
      { method: 'DELETE', path: '/Users/bulkId:nobody' },
      post('u', '/Users', { ...aUser('u@example.com'), userName: 'bulkId:v' }),
      post('v', '/Users', { ...aUser('v@example.com'), userName: 'bulkId:u' }),
      post('fine', '/Users', aUser('fine@example.com')),
    ])
    assert.deepEqual(statuses(outcomes), ['409', '400', '409', '409', '409', '409', '409', '201'])
    const listed = await app.call('GET', '/Users')
    assert.equal(listed.json['totalResults'], 1)
    assert.equal((await app.call('GET', '/Groups')).json['totalResults'], 0)
  })

  it('[B-05] in a circle of what may not refer to each other create nothing', async (t) => {
    const app = await scimApp(t)
    const nested = (name: string, other: string): object => ({
      schemas: [coreGroup],
      displayName: name,
      members: [{ value: `bulkId:${other}`, type: 'Group' }],
    })
    const outcomes = await run(app, [
      post('a', '/Groups', nested('A', 'b')),
      post('b', '/Groups', nested('B', 'a')),
    ])
    assert.deepEqual(statuses(outcomes), ['400', '409'])
    assert.equal((await app.call('GET', '/Groups')).json['totalResults'], 0)
  })

  it('[B-05] tell where the User is that was created before its circle failed, and let it be sent again', async (t) => {
    const app = await scimApp(t)
    await app.call('POST', '/Users', aUser('taken@example.com'))
    const circle = [
      post('a', '/Users', managed('a', 'bulkId:b')),
      post('b', '/Users', managed('taken', 'bulkId:a')),
    ]
    const [a, b] = await run(app, circle)
    assert.deepEqual([a?.status, b?.status], ['409', '409'])
    assert.equal((await app.call('GET', pathOf(a))).status, 200)
    const again = await app.call('POST', '/Users', aUser('a@example.com'))
    assert.equal(again.status, 201, 'applied as PUT, because the create was not acknowledged')
    assert.equal(again.json['id'], idOf(a))
  })
})

describe('limits of POST /Bulk', () => {
  it('[B-03] failOnErrors stops after so many failures, and leaves the rest undone and unlisted', async (t) => {
    const app = await scimApp(t)
    const operations = [
      post('a', '/Users', aUser('a@example.com')),
      { method: 'DELETE', path: '/Users/1' },
      { method: 'DELETE', path: '/Users/2' },
      post('b', '/Users', aUser('b@example.com')),
    ]
    assert.deepEqual(statuses(await run(app, operations, { failOnErrors: 2 })), ['201', '404', '404'])
    assert.equal((await app.call('GET', '/Users')).json['totalResults'], 1)
  })

  it('[B-04] answers 413 with the limit to too many operations or bytes, and does nothing', async (t) => {
    const app = await scimApp(t, { limits: { maxOperations: 3, bodyBytes: 5_000 } })
    const three = ['a', 'b', 'c'].map((name) => post(name, '/Users', aUser(`${name}@example.com`)))
    const many = await app.call('POST', '/Bulk', bulk([...three, ...three]))
    assert.equal(many.status, 413)
    assert.match(String(many.json['detail']), /\b3 operations/)
    const large = await app.call('POST', '/Bulk', bulk([post('d', '/Users', { title: 'x'.repeat(5_000) })]))
    assert.equal(large.status, 413)
    assert.match(String(large.json['detail']), /\b5000 bytes/)
    assert.equal(large.json['status'], '413')
    assert.equal((await app.call('GET', '/Users')).json['totalResults'], 0)
    assert.deepEqual(statuses(await run(app, three)), ['201', '201', '201'])
    const config = await app.call('GET', '/ServiceProviderConfig')
    assert.deepEqual(config.json['bulk'], { supported: true, maxOperations: 3, maxPayloadSize: 5_000 })
  })

  it('answers a shut-out that is not proven with 503 for its operation alone', async (t) => {
    const app = await scimApp(t, { memory: memoryDirectory({ unproven: true }) })
    const [made] = await run(app, [post('a', '/Users', aUser('a@example.com'))])
    app.provisioning.accounts = [
      { connection: 'falcon', state: 'pending', mayExist: true, pendingShutOut: 'retry', retryAfter: 5 },
    ]
    const outcomes = await run(app, [
      { method: 'PATCH', path: pathOf(made), data: aPatch({ op: 'replace', value: { active: false } }) },
      post('g', '/Groups', aGroup('G', idOf(made))),
    ])
    assert.deepEqual(statuses(outcomes), ['503', '201'])
  })

  it('does not wait for vendors any more once the budget of the request is used up', async (t) => {
    const app = await scimApp(t, { limits: { bulkBudgetMs: 0 } })
    const users = ['a', 'b'].map((name) => post(name, '/Users', aUser(`${name}@example.com`)))
    assert.deepEqual(statuses(await run(app, users)), ['201', '201'])
    assert.deepEqual(app.provisioning.runs, [])
  })

  it('acknowledges the creates that succeeded', async (t) => {
    const app = await scimApp(t)
    await run(app, [post('a', '/Users', aUser('a@example.com')), post('b', '/Users', aUser('a@example.com'))])
    assert.deepEqual(app.memory.acknowledgements(), [true])
  })

  it('answers 503 to everything that is left when the store fails, without asking it again', async (t) => {
    const memory = memoryDirectory()
    memory.deleteUser = async () => {
      memory.calls.push('deleteUser')
      throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' })
    }
    const app = await scimApp(t, { memory })
    const ends = ['1', '2', '3'].map((id) => ({ method: 'DELETE', path: `/Users/${id}` }))
    const outcomes = await run(app, [post('a', '/Users', aUser('a@example.com')), ...ends])
    assert.deepEqual(statuses(outcomes), ['201', '503', '503', '503'])
    assert.equal(memory.calls.filter((name) => name === 'deleteUser').length, 1)
  })

  it('orders a thousand operations that all wait for the last one at once', async (t) => {
    const app = await scimApp(t)
    const operations = Array.from({ length: 999 }, (_, index) =>
      post(`u${index}`, '/Users', managed(`u${index}`, `bulkId:u${index + 1}`)),
    )
    const outcomes = await run(app, [...operations, post('u999', '/Users', managed('u999', 'bulkId:u0'))])
    assert.ok(outcomes.every(({ status }) => status === '201'))
    // Each is written once, and the one that opens the circle once more.
    assert.equal(app.memory.calls.filter((name) => name === 'createUser').length, 1_000)
    assert.equal(app.memory.calls.filter((name) => name === 'updateUser').length, 1)
  })
})
