import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AccountOutcome } from '../../src/scim/ports.ts'
import { memoryDirectory } from '../support/memory-directory.ts'
import { aPatch, aUser, coreUser, scimApp, type ScimApp } from '../support/scim-app.ts'
import type { ClientProfile } from '../../src/model/directory.ts'

const proven: AccountOutcome = {
  connection: 'falcon',
  state: 'proven',
  mayExist: true,
  pendingShutOut: 'retry',
}
const pending: AccountOutcome = { ...proven, state: 'pending', detail: 'HTTP 502', retryAfter: 9 }
const refused: AccountOutcome = { ...proven, state: 'refused', detail: 'protected account' }
const neverThere: AccountOutcome = { ...refused, detail: 'invalid e-mail', mayExist: false }
const ada = aUser('Ada@corp.example')
const off = aPatch({ op: 'replace', value: { active: false } })

async function withAda(t: Parameters<typeof scimApp>[0], options: Parameters<typeof scimApp>[1] = {}) {
  const scim = await scimApp(t, options)
  const created = await scim.call('POST', '/Users', ada)
  assert.equal(created.status, 201, created.text)
  return { ...scim, id: String(created.json['id']), created }
}

const putOff = (scim: ScimApp, id: string) => scim.call('PUT', `/Users/${id}`, { ...ada, active: false })
const patchOff = (scim: ScimApp, id: string) => scim.call('PATCH', `/Users/${id}`, off)

describe('POST /Users', () => {
  it('[C-01] [C-02] [E-01] answers 201 with the User, its location and its version, after running it', async (t) => {
    const { created, id, provisioning, memory } = await withAda(t)
    const location = `http://localhost:80/scim/v2/Users/${id}`
    assert.equal(created.headers['location'], location)
    assert.equal(created.headers['etag'], 'W/"1"')
    const meta = created.json['meta'] as Record<string, unknown>
    assert.equal(meta['location'], location)
    assert.equal(meta['version'], 'W/"1"')
    assert.equal(meta['created'], meta['lastModified'])
    assert.equal(created.json['userName'], 'Ada@corp.example')
    assert.deepEqual(provisioning.runs, [id])
    assert.deepEqual(memory.acknowledgements(), [true])
  })

  it('[C-03] [R-14] takes active for granted and never shows or keeps a password', async (t) => {
    const { call } = await scimApp(t)
    const created = await call('POST', '/Users', {
      schemas: [coreUser],
      userName: 'bo@corp.example',
      password: 'Tr0ub4dor',
    })
    assert.equal(created.json['active'], true)
    for (const query of ['', '?attributes=password', '?attributes=userName,password']) {
      const { text } = await call('GET', `/Users/${created.json['id']}${query}`)
      assert.doesNotMatch(text, /Tr0ub4dor|password/)
    }
  })

  it('[C-05] answers 409 uniqueness to a duplicate, letter case aside', async (t) => {
    const { call } = await withAda(t)
    for (const userName of ['Ada@corp.example', 'ADA@CORP.EXAMPLE']) {
      const answer = await call('POST', '/Users', aUser(userName))
      assert.equal(answer.status, 409)
      assert.equal(answer.json['scimType'], 'uniqueness')
    }
  })

  it('[R3-09] refuses a person whom no connection can provision, before anything is stored', async (t) => {
    const { call, provisioning, memory } = await scimApp(t)
    provisioning.objects = () => 'falcon: no login'
    const answer = await call('POST', '/Users', ada)
    assert.equal(answer.status, 400)
    assert.equal(answer.json['scimType'], 'invalidValue')
    assert.match(
      String(answer.json['detail']),
      /^falcon: no login\. See http.*\/docs\/errors#account-no-login$/,
    )
    assert.deepEqual(memory.calls, [])
    assert.equal((await call('POST', '/Users', { ...ada, active: false })).status, 201)
  })

  it('takes the User back when every connection refused for good and nobody may have an account', async (t) => {
    const { call, provisioning, memory } = await scimApp(t)
    provisioning.accounts = [neverThere, { ...neverThere, connection: 'sentry' }]
    const answer = await call('POST', '/Users', ada)
    assert.equal(answer.status, 400)
    assert.match(String(answer.json['detail']), /falcon: invalid e-mail; sentry: invalid e-mail/)
    assert.equal(memory.takenBack().length, 1)
    assert.equal((await call('GET', '/Users')).json['totalResults'], 0)
    provisioning.accounts = [proven]
    assert.equal((await call('POST', '/Users', ada)).status, 201)
  })

  const recorded: readonly (readonly [string, readonly AccountOutcome[]])[] = [
    ['pending', [pending]],
    ['refused, with an account that may exist', [refused]],
    ['refused by one of two', [neverThere, proven]],
  ]
  for (const [says, accounts] of recorded) {
    it(`answers 201, never 503, when the create is ${says}`, async (t) => {
      const { call, provisioning, memory } = await scimApp(t)
      provisioning.accounts = accounts
      assert.equal((await call('POST', '/Users', ada)).status, 201)
      assert.deepEqual(memory.takenBack(), [])
    })
  }

  it('answers 201 when the User is recorded and running it fails', async (t) => {
    const { call, provisioning } = await scimApp(t)
    provisioning.meanwhile = () => Promise.reject(new Error('boom'))
    assert.equal((await call('POST', '/Users', ada)).status, 201)
  })

  it('applies the same create again as PUT, with the same id, when its 201 never left', async (t) => {
    const { call, id, memory, directory } = await withAda(t)
    await memory.acknowledge(directory, id, false)
    const again = await call('POST', '/Users', { ...ada, title: 'Countess' })
    assert.equal(again.status, 201)
    assert.equal(again.json['id'], id)
    assert.equal(again.json['title'], 'Countess')
    assert.equal((await call('POST', '/Users', ada)).status, 409)
  })

  it('lets an identical create wait for the first one and then answers 409', async (t) => {
    const first = Promise.withResolvers<void>()
    const waits: number[] = []
    const wait = async (ms: number): Promise<void> => {
      waits.push(ms)
      first.resolve()
      await new Promise(setImmediate)
    }
    const { call, provisioning } = await scimApp(t, { patience: { budgetMs: 60_000, wait } })
    provisioning.meanwhile = () => first.promise
    const answers = await Promise.all([call('POST', '/Users', ada), call('POST', '/Users', ada)])
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409])
    assert.ok(waits.length > 0)
  })

  it('stops waiting for an identical create after the reply budget', async (t) => {
    const first = Promise.withResolvers<void>()
    let waited = 0
    const wait = async (ms: number): Promise<void> => void (waited += ms)
    const { call, provisioning } = await scimApp(t, { patience: { budgetMs: 2_000, wait } })
    provisioning.meanwhile = () => first.promise
    const slow = call('POST', '/Users', ada)
    const second = await call('POST', '/Users', ada)
    assert.equal(second.status, 409)
    assert.ok(waited >= 2_000 && waited < 3_000, String(waited))
    first.resolve()
    assert.equal((await slow).status, 201)
  })

  it('[C-04] answers 400 without userName or schemas', async (t) => {
    const { call } = await scimApp(t)
    const without: readonly (readonly [object, string])[] = [
      [{ schemas: [coreUser] }, 'invalidValue'],
      [{ schemas: [coreUser], userName: ' ' }, 'invalidValue'],
      [{ userName: 'ada@corp.example' }, 'invalidSyntax'],
    ]
    for (const [body, scimType] of without) {
      const answer = await call('POST', '/Users', body)
      assert.equal(answer.status, 400, answer.text)
      assert.equal(answer.json['scimType'], scimType)
    }
  })
})

describe('PUT and PATCH /Users', () => {
  it('[E-01] answers 200 with the User and its new version', async (t) => {
    const { call, id, provisioning } = await withAda(t)
    const put = await call('PUT', `/Users/${id}`, { ...ada, title: 'Countess' })
    assert.equal(put.status, 200)
    assert.equal(put.json['title'], 'Countess')
    assert.equal(put.headers['etag'], 'W/"2"')
    const patched = await call('PATCH', `/Users/${id}`, aPatch({ op: 'remove', path: 'title' }))
    assert.equal(patched.status, 200)
    assert.equal(patched.json['title'], undefined)
    assert.equal(provisioning.runs.length, 3)
  })

  it('[P-06] [R-12] leaves the version alone without effect, and runs the User all the same', async (t) => {
    const { call, id, created, provisioning } = await withAda(t)
    const put = await call('PUT', `/Users/${id}`, created.json)
    assert.equal(put.status, 200)
    assert.deepEqual(put.json, created.json)
    await call('PATCH', `/Users/${id}`, aPatch({ op: 'replace', path: 'active', value: true }))
    assert.deepEqual(provisioning.runs, [id, id, id])
    assert.equal((await call('GET', `/Users/${id}`)).headers['etag'], 'W/"1"')
  })

  it('[P-02] answers 404 to an unknown id and never creates', async (t) => {
    const { call } = await scimApp(t)
    assert.equal((await call('PUT', '/Users/none', ada)).status, 404)
    assert.equal((await call('PATCH', '/Users/none', off)).status, 404)
    assert.equal((await call('DELETE', '/Users/none')).status, 404)
    assert.equal((await call('GET', '/Users')).json['totalResults'], 0)
  })

  it('[C-05] answers 409 when the new userName is taken', async (t) => {
    const { call, id } = await withAda(t)
    await call('POST', '/Users', aUser('bo@corp.example'))
    const answer = await call(
      'PATCH',
      `/Users/${id}`,
      aPatch({ op: 'replace', path: 'userName', value: 'BO@corp.example' }),
    )
    assert.equal(answer.status, 409)
    assert.equal(answer.json['scimType'], 'uniqueness')
  })

  const told: readonly (readonly [ClientProfile, number])[] = [
    ['entra', 400],
    ['rfc', 400],
    ['okta', 200],
    ['auto', 200],
  ]
  for (const [client, status] of told) {
    it(`[T-17] answers ${status} to ${client} when an update is refused for good`, async (t) => {
      const { call, id, provisioning } = await withAda(t, { client })
      provisioning.accounts = [refused]
      const answer = await call('PUT', `/Users/${id}`, { ...ada, title: 'Countess' })
      assert.equal(answer.status, status)
      if (status === 400) assert.match(String(answer.json['detail']), /protected account/)
      assert.equal((await call('GET', `/Users/${id}`)).json['title'], 'Countess')
    })
  }

  it('refuses a change that no connection could provision and stores nothing, but never a shut-out', async (t) => {
    const { call, id, provisioning, ...scim } = await withAda(t)
    provisioning.objects = () => 'falcon: domain not allowed'
    const answer = await call(
      'PATCH',
      `/Users/${id}`,
      aPatch({ op: 'replace', path: 'userName', value: 'x@else.example' }),
    )
    assert.equal(answer.status, 400)
    assert.equal((await call('GET', `/Users/${id}`)).json['userName'], 'Ada@corp.example')
    assert.equal((await patchOff({ call, provisioning, ...scim }, id)).status, 200)
  })
})

describe('a shut-out', () => {
  for (const [says, write] of [
    ['PUT', putOff],
    ['PATCH', patchOff],
  ] as const) {
    it(`by ${says} answers 200 once proven`, async (t) => {
      const { id, ...scim } = await withAda(t, { memory: memoryDirectory({ unproven: true }) })
      scim.provisioning.accounts = [proven]
      scim.provisioning.meanwhile = (directory, userId) => scim.memory.prove(directory, userId)
      const answer = await write(scim, id)
      assert.equal(answer.status, 200)
      assert.equal(answer.json['active'], false)
    })

    it(`[T-17] by ${says} answers 503 while unproven, and everybody still reads active`, async (t) => {
      const { id, ...scim } = await withAda(t, { memory: memoryDirectory({ unproven: true }) })
      scim.provisioning.accounts = [pending]
      const answer = await write(scim, id)
      assert.equal(answer.status, 503)
      assert.equal(answer.headers['retry-after'], '9')
      assert.match(String(answer.json['detail']), /HTTP 502/)
      assert.equal((await scim.call('GET', `/Users/${id}`)).json['active'], true)
      const active = await scim.call('GET', '/Users?filter=active%20eq%20true')
      assert.equal(active.json['totalResults'], 1)
      assert.equal((await write(scim, id)).status, 503)
      scim.memory.prove(scim.directory, id)
      scim.provisioning.accounts = [proven]
      assert.equal((await scim.call('GET', `/Users/${id}`)).json['active'], false)
      assert.equal((await write(scim, id)).status, 200)
    })

    it(`by ${says} answers Okta with 429 while unproven`, async (t) => {
      const { id, ...scim } = await withAda(t, {
        client: 'okta',
        memory: memoryDirectory({ unproven: true }),
      })
      scim.provisioning.accounts = [pending]
      const answer = await write(scim, id)
      assert.equal(answer.status, 429)
      assert.equal(answer.headers['retry-after'], '9')
      assert.match(String(answer.json['detail']), /HTTP 502\. See .*#scim-pending$/)
      assert.equal((await scim.call('GET', `/Users/${id}`)).json['active'], true)
      scim.memory.prove(scim.directory, id)
      scim.provisioning.accounts = [proven]
      assert.equal((await write(scim, id)).json['active'], false)
    })

    it(`by ${says} answers 200 while unproven where that is accepted`, async (t) => {
      const { id, ...scim } = await withAda(t)
      scim.provisioning.accounts = [{ ...pending, pendingShutOut: 'accept' }]
      const answer = await write(scim, id)
      assert.equal(answer.status, 200)
      assert.equal(answer.json['active'], false)
    })

    it(`by ${says} answers 400 that says why when refused for good`, async (t) => {
      const { id, ...scim } = await withAda(t)
      scim.provisioning.accounts = [refused]
      const answer = await write(scim, id)
      assert.equal(answer.status, 400)
      assert.match(String(answer.json['detail']), /^falcon: protected account\. See .*#scim-refused$/)
    })
  }
})

describe('DELETE /Users', () => {
  it('[X-01] answers 204 once proven, then 404', async (t) => {
    const { id, ...scim } = await withAda(t, { memory: memoryDirectory({ unproven: true }) })
    scim.provisioning.accounts = [proven]
    scim.provisioning.meanwhile = (directory, userId) => scim.memory.prove(directory, userId)
    assert.equal((await scim.call('DELETE', `/Users/${id}`)).status, 204)
    for (const method of ['GET', 'DELETE'])
      assert.equal((await scim.call(method, `/Users/${id}`)).status, 404)
  })

  it('answers 503 while unproven, GET 200 and create 409, and 404 once proven', async (t) => {
    const { id, ...scim } = await withAda(t, { memory: memoryDirectory({ unproven: true }) })
    scim.provisioning.accounts = [pending]
    for (let n = 0; n < 2; n++) {
      const answer = await scim.call('DELETE', `/Users/${id}`)
      assert.equal(answer.status, 503)
      assert.equal(answer.headers['retry-after'], '9')
    }
    assert.equal((await scim.call('GET', `/Users/${id}`)).status, 200)
    assert.equal((await scim.call('POST', '/Users', ada)).status, 409)
    scim.memory.prove(scim.directory, id)
    assert.equal((await scim.call('DELETE', `/Users/${id}`)).status, 404)
  })

  it('answers 204 while unproven where that is accepted', async (t) => {
    const { id, ...scim } = await withAda(t)
    scim.provisioning.accounts = [{ ...pending, pendingShutOut: 'accept' }]
    assert.equal((await scim.call('DELETE', `/Users/${id}`)).status, 204)
    assert.equal((await scim.call('GET', `/Users/${id}`)).status, 404)
  })

  it('answers 400 that says why when refused for good', async (t) => {
    const { id, ...scim } = await withAda(t, { memory: memoryDirectory({ unproven: true }) })
    scim.provisioning.accounts = [refused]
    const answer = await scim.call('DELETE', `/Users/${id}`)
    assert.equal(answer.status, 400)
    assert.match(String(answer.json['detail']), /protected account/)
  })
})
