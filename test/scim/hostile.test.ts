import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { answerFrameworkError } from '../../src/scim/http/error-answers.ts'
import { serverLimits } from '../../src/scim/http/plugin.ts'
import { errorSchema } from '../../src/scim/errors.ts'
import { aGroup, aPatch, aUser, type Answered, type ScimApp, scimApp } from '../support/scim-app.ts'

/** What `test/support/prototypes.ts` looks at after each of these tests. */
const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__']
const bulkRequest = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'

/** Of processor time, which other work on the machine hardly lengthens; far from what an explosion takes. */
const atOnceMs = 500

async function refusedAtOnce(send: () => Promise<Answered>, statuses: readonly number[]): Promise<Answered> {
  let { answer, tookMs } = await measured(send)
  // The first of its kind has its code compiled meanwhile.
  if (tookMs >= atOnceMs) ({ answer, tookMs } = await measured(send))
  assert.ok(statuses.includes(answer.status), `${answer.status}: ${answer.text.slice(0, 200)}`)
  assert.ok(tookMs < atOnceMs, `${Math.round(tookMs)} ms of processor time`)
  if (answer.status >= 400) {
    assert.deepEqual(answer.json['schemas'], [errorSchema])
    assert.equal(answer.json['status'], String(answer.status))
    assert.ok(String(answer.json['detail']).length < 1_000)
  }
  return answer
}

async function measured(send: () => Promise<Answered>): Promise<{ answer: Answered; tookMs: number }> {
  const before = process.cpuUsage()
  const answer = await send()
  const { user, system } = process.cpuUsage(before)
  return { answer, tookMs: (user + system) / 1_000 }
}

async function stillServes({ call }: ScimApp): Promise<void> {
  const { status, json } = await call('GET', '/Users?attributes=userName')
  assert.equal(status, 200)
  assert.ok(Array.isArray(json['Resources']))
}

describe('names of prototypes', () => {
  for (const name of names) {
    it(`[R-24] have no effect in an address (${name})`, async (t) => {
      const app = await scimApp(t)
      const { json } = await app.call('POST', '/Users', aUser('ada@example.com'))
      const queries = [
        `filter=${name} eq "1"`,
        `filter=${name}.x eq "1"`,
        `filter=name.${name} eq "1"`,
        `filter=emails[${name} eq "1"]`,
        `filter=not (${name} pr)`,
        `attributes=${name}.x,userName`,
        `excludedAttributes=${name},name.${name}`,
        `sortBy=${name}.x`,
        `${name}=1`,
        `${name}[x]=1`,
      ]
      for (const query of queries) {
        for (const path of ['/Users', '/Groups', '/Roles', '/Schemas', `/Users/${json['id']}`]) {
          const answer = await app.call('GET', `${path}?${encodeURI(query)}`)
          assert.ok(answer.status < 500, `${path}?${query}: ${answer.text}`)
        }
      }
      for (const path of ['/Users', '/Groups', '/Schemas', '/ResourceTypes', '/Roles']) {
        assert.equal((await app.call('GET', `${path}/${name}`)).status, 404, path)
      }
      assert.equal((await app.call('GET', `/${name}`)).status, 404)
      await stillServes(app)
    })

    it(`[R-24] have no effect in a body (${name})`, async (t) => {
      const app = await scimApp(t)
      const polluting = `{"polluted":true,"${name}":{"polluted":true}}`
      const user = JSON.stringify(aUser('ada@example.com')).replace('{', `{"${name}":${polluting},`)
      const made = await app.call('POST', '/Users', user)
      assert.equal(made.status, 201, made.text)
      assert.doesNotMatch(made.text, /polluted/)
      const path = `/Users/${made.json['id']}`
      const operations = [
        `{"op":"add","path":"${name}.polluted","value":true}`,
        `{"op":"add","path":"${name}[value eq \\"x\\"].polluted","value":true}`,
        `{"op":"add","path":"name.${name}","value":${polluting}}`,
        `{"op":"add","path":"emails[${name} eq \\"x\\"].value","value":"x"}`,
        `{"op":"replace","value":${polluting}}`,
        `{"op":"replace","value":{"${name}.polluted":true,"name":${polluting}}}`,
        `{"op":"remove","path":"${name}"}`,
        `{"op":"${name}","path":"title"}`,
      ]
      for (const operation of operations) {
        const message = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[${operation}]}`
        const answer = await app.call('PATCH', path, message)
        assert.ok(answer.status < 500, `${operation}: ${answer.text}`)
        assert.doesNotMatch(answer.text, /"polluted":true/)
      }
      assert.doesNotMatch((await app.call('GET', path)).text, /polluted/)
      await stillServes(app)
    })

    it(`[R-24] are names like any other where names are data (${name})`, async (t) => {
      const { call } = await scimApp(t)
      const user = await call('POST', '/Users', aUser(name, { externalId: name, title: name }))
      assert.deepEqual([user.status, user.json['userName']], [201, name])
      assert.equal((await call('GET', `/Users?filter=userName%20eq%20%22${name}%22`)).json['totalResults'], 1)
      assert.equal((await call('POST', '/Users', aUser(name))).status, 409)
      const group = await call('POST', '/Groups', aGroup(name, String(user.json['id']), name))
      assert.equal((group.json['members'] as unknown[]).length, 1)
      const operations = [
        { method: 'POST', path: '/Groups', bulkId: name, data: aGroup(`${name}2`) },
        {
          method: 'PATCH',
          path: `/Groups/bulkId:${name}`,
          data: aPatch({ op: 'add', value: { externalId: `bulkId:${name}` } }),
        },
        { method: 'DELETE', path: `/${name}` },
        { method: name, path: '/Users' },
      ]
      const bulk = await call('POST', '/Bulk', { schemas: [bulkRequest], Operations: operations })
      const outcomes = bulk.json['Operations'] as { status: string }[]
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['201', '200', '404', '405'],
      )
    })
  }
})

describe('filters that explode elsewhere', () => {
  const repeated = (times: number, text: string, between: string): string =>
    Array.from({ length: times }, (_, index) => text.replaceAll('#', String(index))).join(between)

  const bombs: readonly (readonly [says: string, filter: string, statuses: readonly number[]])[] = [
    ['a conjunction of alternatives', repeated(40, '(title eq "#" or title eq "x#")', ' and '), [200]],
    ['an alternative of conjunctions', repeated(40, '(title eq "#" and title eq "x#")', ' or '), [200]],
    ['negations of both', `not (${repeated(20, 'not (title eq "#" or title pr)', ' and ')})`, [200]],
    ['more terms than allowed', repeated(200, 'title eq "#"', ' or '), [400]],
    ['a thousand parentheses', `${'('.repeat(1_000)}title pr${')'.repeat(1_000)}`, [400]],
    ['parentheses that are never closed', '('.repeat(4_000), [400]],
    ['nots that are never closed', 'not ('.repeat(800), [400]],
    ['brackets in brackets', 'emails['.repeat(500), [400]],
    ['quotes that are never closed', 'title eq "'.repeat(400), [400]],
    ['backslashes', `title eq "${'\\'.repeat(3_999)}`, [400]],
    ['blanks', `${' '.repeat(3_900)}title pr`, [200]],
    ['a name of many parts', `${'a.'.repeat(1_500)}b pr`, [200, 400]],
    ['a literal of four thousand percent signs', `userName co "${'%'.repeat(3_900)}"`, [200]],
    ['more than it may be long', `title eq "${'x'.repeat(5_000)}"`, [400]],
  ]
  for (const [says, filter, statuses] of bombs) {
    it(`are answered at once: ${says}`, async (t) => {
      const app = await scimApp(t)
      for (let each = 0; each < 20; each += 1) await app.call('POST', '/Users', aUser(`u${each}@example.com`))
      const query = `/Users?filter=${encodeURIComponent(filter)}`
      const answer = await refusedAtOnce(() => app.call('GET', query), statuses)
      if (answer.status === 400) assert.equal(answer.json['scimType'], 'invalidFilter')
      const { json } = await app.call('POST', '/Groups', aGroup('G'))
      const patch = aPatch({ op: 'remove', path: `members[${filter}]` })
      await refusedAtOnce(() => app.call('PATCH', `/Groups/${json['id']}`, patch), [200, 204, 400])
      await stillServes(app)
    })
  }
})

describe('bodies that are too much', () => {
  const nested = (depth: number, open: string, close: string): string =>
    open.repeat(depth) + '1' + close.repeat(depth)

  it('[T-18] are refused by depth before they are read', async (t) => {
    const app = await scimApp(t)
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      for (const depth of [33, 1_000, 100_000]) {
        const body = `{"schemas":[],"userName":${nested(depth, open, close)}}`
        await refusedAtOnce(() => app.call('POST', '/Users', body), [400])
      }
      await refusedAtOnce(() => app.call('POST', '/Users', open.repeat(200_000)), [400])
    }
    await stillServes(app)
  })

  it('[T-18] [B-04] are refused by size, with the limit, on every endpoint that reads one', async (t) => {
    const app = await scimApp(t)
    const body = JSON.stringify({ schemas: [], title: 'x'.repeat(1_048_576) })
    for (const [method, path] of [
      ['POST', '/Users'],
      ['PUT', '/Users/1'],
      ['PATCH', '/Groups/1'],
      ['POST', '/Bulk'],
      ['POST', '/Users/.search'],
    ] as const) {
      const answer = await refusedAtOnce(() => app.call(method, path, body), [413])
      assert.match(String(answer.json['detail']), /1048576 bytes/)
    }
    await stillServes(app)
  })

  it('are refused when they are compressed, because they would be larger than they look', async (t) => {
    const app = await scimApp(t)
    const json = JSON.stringify(aUser('ada@example.com', { title: 'x'.repeat(100_000) }))
    for (const [encoding, bytes] of [
      ['gzip', gzipSync(json)],
      ['deflate', deflateSync(json)],
    ] as const) {
      const answer = await app.app.inject({
        method: 'POST',
        url: '/scim/v2/Users',
        headers: {
          authorization: 'Bearer secret-of-the-corp-directory',
          'content-type': 'application/scim+json',
          'content-encoding': encoding,
        },
        payload: bytes,
      })
      assert.ok([400, 415].includes(answer.statusCode), answer.body)
    }
    assert.equal((await app.call('GET', '/Users')).json['totalResults'], 0)
  })

  it('are refused when a PATCH has too many operations, or operations that multiply', async (t) => {
    const app = await scimApp(t)
    const made = await app.call('POST', '/Users', aUser('ada@example.com'))
    const path = `/Users/${made.json['id']}`
    const adding = Array.from({ length: 5_000 }, (_, index) => ({
      op: 'add',
      path: 'emails',
      value: [{ value: `${index}@example.com`, type: 'other' }],
    }))
    await refusedAtOnce(() => app.call('PATCH', path, aPatch(...adding)), [400])
    await refusedAtOnce(() => app.call('PATCH', path, aPatch(...adding, adding[0] ?? {})), [413])
    const filtered = adding.map(({ value }, index) => ({
      op: 'replace',
      path: `emails[value eq "${index}@example.com" or display co "x"].display`,
      value: value[0]?.value,
    }))
    await refusedAtOnce(() => app.call('PATCH', path, aPatch(...filtered)), [400, 413])
    await stillServes(app)
  })

  it('are taken when a PATCH of a Group has 5,000 operations', async (t) => {
    const app = await scimApp(t)
    const { json } = await app.call('POST', '/Groups', aGroup('G'))
    const operations = Array.from({ length: 5_000 }, (_, index) => ({
      op: index % 2 ? 'add' : 'remove',
      path: index % 2 ? 'members' : `members[value eq "id-${index}"]`,
      ...(index % 2 && { value: [{ value: `id-${index}` }] }),
    }))
    const answer = await app.call('PATCH', `/Groups/${json['id']}`, aPatch(...operations))
    assert.equal(answer.status, 200)
  })

  it('are refused when one attribute has too many values', async (t) => {
    const app = await scimApp(t)
    const emails = Array.from({ length: 20_000 }, (_, index) => ({ value: `${index}@example.com` }))
    const answer = await refusedAtOnce(
      () => app.call('POST', '/Users', aUser('ada@example.com', { emails })),
      [400],
    )
    assert.equal(answer.json['scimType'], 'invalidValue')
  })
})

describe('text that is no text', () => {
  const odd: readonly (readonly [says: string, json: string])[] = [
    ['NUL', '\\u0000'],
    ['half of a surrogate pair', '\\ud800'],
    ['the other half', 'x\\udc00'],
  ]
  for (const [says, text] of odd) {
    it(`is refused with invalidValue wherever it would be kept: ${says}`, async (t) => {
      const app = await scimApp(t)
      const made = await app.call('POST', '/Users', aUser('ada@example.com'))
      const path = `/Users/${made.json['id']}`
      const bodies: readonly (readonly [method: string, path: string, body: string])[] = [
        ['POST', '/Users', JSON.stringify(aUser('#'))],
        ['POST', '/Users', JSON.stringify(aUser('a', { externalId: '#' }))],
        ['PUT', path, JSON.stringify(aUser('a', { emails: [{ value: 'a', display: '#' }] }))],
        ['PATCH', path, JSON.stringify(aPatch({ op: 'add', path: 'title', value: '#' }))],
        ['PATCH', path, JSON.stringify(aPatch({ op: 'add', value: { 'name.givenName': '#' } }))],
        ['POST', '/Groups', JSON.stringify(aGroup('#'))],
        ['POST', '/Groups', JSON.stringify(aGroup('g', '#'))],
      ]
      for (const [method, at, body] of bodies) {
        const send = (): Promise<Answered> => app.call(method, at, body.replaceAll('#', text))
        const answer = await refusedAtOnce(send, [400])
        assert.equal(answer.json['scimType'], 'invalidValue', body)
      }
      assert.equal((await app.call('GET', path)).json['title'], undefined)
    })
  }
})

describe('addresses', () => {
  const escapes = ['..%2fServiceProviderConfig', '%2e%2e%2fUsers', '....//', '%00', 'a%00b', '%c0%af']
  for (const escape of escapes) {
    it(`lead nowhere else: /Users/${escape}`, async (t) => {
      const app = await scimApp(t, {
        server: { ...serverLimits, frameworkErrors: answerFrameworkError },
      })
      await app.call('POST', '/Users', aUser('ada@example.com'))
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
        const body =
          method === 'PUT' ? aUser('x@example.com') : aPatch({ op: 'add', path: 'title', value: 'x' })
        const answer = await app.call(
          method,
          `/Users/${escape}`,
          method === 'GET' || method === 'DELETE' ? undefined : body,
        )
        assert.ok([400, 404, 405].includes(answer.status), `${method} ${answer.status} ${answer.text}`)
        assert.doesNotMatch(answer.text, /ada@|patch/)
      }
      await stillServes(app)
    })
  }

  it('may be as long as ids are, and no longer', async (t) => {
    const app = await scimApp(t, { server: { ...serverLimits, frameworkErrors: answerFrameworkError } })
    for (const length of [300, 512]) {
      await refusedAtOnce(() => app.call('GET', `/Users/${'x'.repeat(length)}`), [404])
    }
    for (const length of [513, 100_000]) {
      await refusedAtOnce(() => app.call('GET', `/Users/${'x'.repeat(length)}`), [404, 414])
    }
    const member = `/Groups?filter=${encodeURIComponent(`members.value eq "${'x'.repeat(3_000)}"`)}`
    await refusedAtOnce(() => app.call('GET', member), [200])
  })

  it('with thousands of names of attributes are answered at once', async (t) => {
    const app = await scimApp(t)
    const list = Array.from({ length: 2_000 }, (_, index) => `a${index}.b`).join()
    await refusedAtOnce(() => app.call('GET', `/Users?attributes=${list}`), [200])
    await refusedAtOnce(() => app.call('GET', `/Users?excludedAttributes=${list}`), [200])
  })
})

describe('headers', () => {
  for (const [name, value] of [
    ['if-match', `W/"${'9'.repeat(10_000)}"`],
    ['if-match', '"'.repeat(10_000)],
    ['if-none-match', ', '.repeat(5_000)],
    ['accept', `${'application/json;q=0.1,'.repeat(400)}*/*`],
    ['content-type', `application/scim+json;${' '.repeat(9_000)}x`],
    ['x-forwarded-host', 'evil.example'],
  ] as const) {
    it(`of any kind are answered at once: ${name} ${value.slice(0, 20)}`, async (t) => {
      const app = await scimApp(t)
      const made = await app.call('POST', '/Users', aUser('ada@example.com'))
      const path = `/Users/${made.json['id']}`
      await refusedAtOnce(() => app.call('GET', path, undefined, { [name]: value }), [200])
      const write = (): Promise<Answered> =>
        app.call('PUT', path, aUser('ada@example.com'), { [name]: value })
      const answer = await refusedAtOnce(write, [200, 412, 415])
      assert.doesNotMatch(answer.text, /evil/)
    })
  }
})
