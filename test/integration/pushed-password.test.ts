import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import pg from 'pg'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import { aUser, startTestGateway } from '../support/gateway.ts'

const pushed = 'Pushed-by-the-IdP-7f3a91!'

describe('a password that the identity provider pushes', () => {
  it('[R2-14] is the first password at Sisense in profile guide, and is kept nowhere', async (t) => {
    const sisense = await startSisense({ profile: 'guide' })
    t.after(() => sisense.close())
    const gateway = await startTestGateway(t, {
      connections: [
        { name: 'bi', simulator: sisense, profile: 'guide', policy: { default: { role: 'Viewer' } } },
      ],
      client: 'okta',
    })
    const created = await gateway.scim('POST', '/Users', aUser('ada', { password: pushed }))
    assert.equal(created.status, 201)
    assert.equal(sisense.state.user('ada@example.com')?.password, pushed)
    assert.ok(!JSON.stringify(created.body).includes(pushed))
    assert.deepEqual(await rowsWith(gateway.databaseUrl, pushed), [])
  })

  it('[R2-14] that is left out is replaced by one that nobody knows', async (t) => {
    const sisense = await startSisense({ profile: 'guide' })
    t.after(() => sisense.close())
    const gateway = await startTestGateway(t, {
      connections: [
        { name: 'bi', simulator: sisense, profile: 'guide', policy: { default: { role: 'Viewer' } } },
      ],
      client: 'okta',
    })
    await gateway.scim('POST', '/Users', aUser('joan'))
    const made = sisense.state.user('joan@example.com')?.password ?? ''
    assert.equal(made.length, 32)
    assert.deepEqual(await rowsWith(gateway.databaseUrl, made), [])
  })
})

/** Every table that holds the text in any column. */
async function rowsWith(url: string, text: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')`,
    )
    assert.ok(tables.length > 15)
    const found: string[] = []
    for (const { name } of tables) {
      const { rowCount } = await client.query(`SELECT FROM ${name} t WHERE strpos(t::text, $1) > 0 LIMIT 1`, [
        text,
      ])
      if (rowCount) found.push(name)
    }
    return found
  } finally {
    await client.end()
  }
}
