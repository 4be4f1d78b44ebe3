import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mostResourceBytes } from '../../src/scim/values/bounds.ts'
import { aPatch, aUser, type GatewayUnderTest, startTestGateway } from '../support/gateway.ts'

const text = (bytes: number): string => 'x'.repeat(bytes)
/** As large as a User may be, within a few hundred bytes; like all repetition it is small on disk. */
const large = {
  photos: ['a', 'b', 'c', 'd'].map((type) => ({ type, value: text(mostResourceBytes / 4 - 300) })),
}
const page = 4 * 1024 * 1024

async function withLargest(
  t: Parameters<typeof startTestGateway>[0],
  count: number,
): Promise<GatewayUnderTest> {
  const under = await startTestGateway(t, { connections: [] })
  for (let at = 0; at < count; at++) {
    const { status, body } = await under.scim('POST', '/Users', { ...aUser(`large${at}`), ...large })
    assert.equal(status, 201, JSON.stringify(body).slice(0, 300))
  }
  return under
}

describe('the size of a User', { timeout: 120_000 }, () => {
  it('is bounded when it is made and when it is changed, in words that name the attribute', async (t) => {
    const { scim } = await startTestGateway(t, { connections: [] })
    const photos = Array.from({ length: 5 }, (_, at) => ({ type: `t${at}`, value: text(30_000) }))
    const made = await scim('POST', '/Users', { ...aUser('ada'), photos })
    assert.equal(made.status, 400)
    assert.equal(made.body.scimType, 'invalidValue')
    assert.match(made.body.detail, /131072 at most\. Shorten photos/)
    const { body: user } = await scim('POST', '/Users', { ...aUser('ada'), photos: photos.slice(0, 4) })
    const more = aPatch({ op: 'add', path: 'photos', value: photos.slice(4) })
    assert.equal((await scim('PATCH', `/Users/${user.id}`, more)).status, 400)
    const value = await scim('POST', '/Users', { ...aUser('bob'), title: text(40_000) })
    assert.match(value.body.detail, /title/)
    assert.equal(value.status, 400)
  })

  it('does not keep access from ending: what is too large is left out of a write that shuts out', async (t) => {
    const { scim } = await startTestGateway(t, { connections: [] })
    const { body: user } = await scim('POST', '/Users', aUser('ada'))
    const photos = Array.from({ length: 5 }, (_, at) => ({ type: `t${at}`, value: text(30_000) }))
    const both = aPatch(
      { op: 'add', path: 'photos', value: photos },
      { op: 'replace', path: 'active', value: false },
    )
    assert.equal((await scim('PATCH', `/Users/${user.id}`, both)).status, 200)
    const { body: after } = await scim('GET', `/Users/${user.id}`)
    assert.equal(after.active, false)
    assert.equal(after.photos, undefined)
  })

  for (const userName of ['ada\u001b[2J@corp.example', 'ada\u202egnp.exe', 'ada\nbob']) {
    it(`is no matter where a userName hides what it is: ${JSON.stringify(userName)}`, async (t) => {
      const { scim } = await startTestGateway(t, { connections: [] })
      const { status, body } = await scim('POST', '/Users', { ...aUser('ada'), userName })
      assert.equal(status, 400)
      assert.equal(body.scimType, 'invalidValue')
      assert.ok(!/[\p{Cc}\u202e]/u.test(body.detail))
    })
  }
})

describe('lists of the largest Users', { timeout: 300_000 }, () => {
  it('come in short pages, and everybody comes, by index and by cursor, filtered or not', async (t) => {
    const { scim } = await withLargest(t, 70)
    for (const filter of [
      '',
      '&filter=userName sw "large"',
      '&filter=title pr or name.givenName pr',
      '&sortBy=name.familyName',
    ]) {
      const seen = new Set<string>()
      let cursor = ''
      do {
        const query = encodeURI(`count=500${filter}`)
        const { status, body } = await scim('GET', `/Users?${query}&cursor=${cursor}`)
        assert.equal(status, 200, JSON.stringify(body).slice(0, 300))
        assert.equal(body.totalResults, 70, filter)
        assert.equal(body.itemsPerPage, body.Resources.length)
        assert.ok(JSON.stringify(body).length < page + 2 * mostResourceBytes)
        for (const { id } of body.Resources) seen.add(id)
        cursor = body.nextCursor ?? ''
      } while (cursor !== '')
      assert.equal(seen.size, 70, filter)
    }
    const first = await scim('GET', '/Users?count=500')
    const { itemsPerPage } = first.body
    assert.ok(itemsPerPage >= 20 && itemsPerPage < 70, String(itemsPerPage))
    const second = await scim('GET', `/Users?count=500&startIndex=${itemsPerPage + 1}`)
    assert.notEqual(second.body.Resources[0].id, first.body.Resources[0].id)
    assert.ok(itemsPerPage + second.body.itemsPerPage <= 70)
  })

  it('are made a few at a time: 20 at once take no more memory than their bound', async (t) => {
    const { scim } = await withLargest(t, 100)
    const before = process.memoryUsage().rss
    let most = before
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20)
    t.after(() => clearInterval(watch))
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await scim('GET', '/Users?count=500')).status),
    )
    assert.deepEqual(new Set(statuses), new Set([200]))
    const grownMb = (most - before) / 1024 / 1024
    // The 20 answers, parsed, are in this process, too.
    assert.ok(grownMb < 500, `${Math.round(grownMb)} MB`)
  })
})

describe('what one token may send', { timeout: 120_000 }, () => {
  it('is far above what identity providers send, and beyond it the answer is 429 with Retry-After', async (t) => {
    const { scim } = await startTestGateway(t, {
      connections: [],
      environment: { scimRequestsPerSecond: 25 },
    })
    const statuses = new Map<number, number>()
    for (let at = 0; at < 700; at++) {
      const { status, headers } = await scim('GET', '/Users?count=0')
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status === 429) assert.match(headers.get('retry-after') ?? '', /^\d+$/)
    }
    assert.ok((statuses.get(200) ?? 0) >= 500, JSON.stringify([...statuses]))
    assert.ok((statuses.get(429) ?? 0) > 0, JSON.stringify([...statuses]))
  })

  it('does not fill the database: a directory has a quota, under which access still ends', async (t) => {
    const { scim } = await startTestGateway(t, { connections: [], environment: { directoryQuotaMb: 1 } })
    const ids: string[] = []
    let refused
    for (let at = 0; at < 20 && !refused; at++) {
      const answer = await scim('POST', '/Users', { ...aUser(`large${at}`), ...large })
      if (answer.status === 201) ids.push(answer.body.id)
      else refused = answer
    }
    assert.equal(refused?.status, 413)
    assert.match(refused.body.detail, /DIRECTORY_QUOTA_MB/)
    const off = aPatch({ op: 'replace', path: 'active', value: false })
    assert.equal((await scim('PATCH', `/Users/${ids[0]}`, off)).status, 200)
    assert.equal((await scim('DELETE', `/Users/${ids[1]}`)).status, 204)
  })
})
