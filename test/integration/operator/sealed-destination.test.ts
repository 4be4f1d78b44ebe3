import assert from 'node:assert/strict'
import { createCipheriv, randomBytes } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import { parseMasterKeys } from '../../../src/secrets/keys.ts'
import { startSisense } from '../../../src/simulators/sisense/index.ts'
import { freshDatabase } from '../../support/database.ts'
import { aUser, startTestGateway, until } from '../../support/gateway.ts'
import { operate } from '../../support/operator.ts'

const token = 'token-of-the-directory'
const material = randomBytes(32)
const parsed = parseMasterKeys(material.toString('base64'), () => '')
assert.ok('keys' in parsed)
const masterKeys = parsed.keys

async function simulator(t: TestContext) {
  const bi = await startSisense({})
  t.after(() => bi.close())
  return bi
}

/** A gateway with one working connection that an operator made, stopped again. */
async function stoppedWith(t: TestContext, bi: Awaited<ReturnType<typeof simulator>>) {
  const databaseUrl = await freshDatabase()
  const setting = { connections: [], databaseUrl, token, environment: { masterKeys } }
  const { gateway, scim } = await startTestGateway(t, setting)
  const call = (method: string, path: string, body?: unknown) =>
    operate(gateway.url, method, path, body === undefined ? {} : { body })
  const { settings, credentials } = bi.connection('current')
  const draft = { directory: 'corp', name: 'bi', vendor: 'sisense', settings, credentials }
  const { body } = await call('POST', '/connections', draft)
  for (const step of ['check', 'enable'])
    assert.equal((await call('POST', `/connections/${body.id}/${step}`)).status, 200)
  assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 201)
  await until('the connection works', () => bi.state.user('ada@example.com') !== undefined)
  await gateway.close()
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  t.after(() => client.end())
  return { id: body.id as string, client, setting }
}

async function parkedReason(url: string, id: string): Promise<string> {
  const { body } = await operate(url, 'GET', `/connections/${id}`)
  assert.equal(body.status, 'parked', JSON.stringify(body))
  return JSON.stringify(body)
}

describe('sealed credentials', { timeout: 120_000 }, () => {
  it('are not sent to another host that somebody wrote into the database', async (t) => {
    const [bi, evil] = [await simulator(t), await simulator(t)]
    const { id, client, setting } = await stoppedWith(t, bi)
    const { baseUrl } = evil.connection('current').settings
    await client.query(
      `UPDATE connections SET settings = jsonb_set(settings, '{baseUrl}', to_jsonb($2::text)), revision = revision + 1 WHERE id = $1`,
      [id, baseUrl],
    )
    const { gateway, scim } = await startTestGateway(t, setting)
    await scim('POST', '/Users', aUser('joan'))
    assert.match(await parkedReason(gateway.url, id), /changed or moved since/)
    assert.deepEqual(evil.trace, [])
    const { body: events } = await operate(gateway.url, 'GET', '/events?action=connection.parked')
    assert.equal(events.items.length, 1)

    // Whoever puts the row right and enters the credentials again has a working connection.
    const { settings, credentials } = bi.connection('current')
    const { status, body } = await operate(gateway.url, 'PUT', `/connections/${id}`, {
      body: { vendor: 'sisense', settings, credentials },
    })
    assert.equal(status, 200, JSON.stringify(body))
    await until('it works again', () => bi.state.user('joan@example.com') !== undefined)
  })

  it('of a former release do not open for a host that is none of the vendor’s own', async (t) => {
    const bi = await simulator(t)
    const { id, client, setting } = await stoppedWith(t, bi)
    const nonce = randomBytes(12)
    const sealing = createCipheriv('aes-256-gcm', material, nonce, { authTagLength: 16 }).setAAD(
      Buffer.from(`drawbridge credentials 1\0${id}\0${1}`),
    )
    const text = JSON.stringify(bi.connection('current').credentials)
    const sealed = Buffer.concat([sealing.update(text), sealing.final()])
    const bytes = Buffer.concat([Buffer.of(1), nonce, sealing.getAuthTag(), sealed])
    await client.query('UPDATE connections SET credentials = $2, revision = revision + 1 WHERE id = $1', [
      id,
      bytes,
    ])
    const { gateway } = await startTestGateway(t, setting)
    assert.match(await parkedReason(gateway.url, id), /enter them again/)
    await gateway.close()

    // For a host of the vendor they open once, and are bound from then on.
    await client.query(
      `UPDATE connections SET status = 'disabled', settings = jsonb_set(settings, '{baseUrl}', '"https://corp.sisense.com"') WHERE id = $1`,
      [id],
    )
    await startTestGateway(t, setting)
    const { rows } = await client.query<{ form: number }>(
      'SELECT get_byte(credentials, 0) AS form FROM connections WHERE id = $1',
      [id],
    )
    assert.equal(rows[0]?.form, 2)
  })
})
