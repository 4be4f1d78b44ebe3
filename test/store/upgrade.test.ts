import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { migrate } from '../../src/store/migrate.ts'
import { openStore } from '../../src/app/stores.ts'
import { aConfiguration, aConnection, anActor } from '../support/configuration.ts'
import { createTestDatabase, quiet, stopOwnServer } from '../support/database.ts'

const names = readdirSync(fileURLToPath(new URL('../../prisma/migrations', import.meta.url)), {
  withFileTypes: true,
})
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .toSorted()

const secret = 'secret-of-corp-0123456789'
const id = (kind: number, number: number): string =>
  `0197c6f0-0000-7000-8000-${String(kind).padStart(4, '0')}${String(number).padStart(8, '0')}`

/** What the first release wrote, in its own columns: a directory with a token and a connection. */
const beginning = (policy: object): readonly (readonly [string, readonly unknown[]])[] => [
  [`INSERT INTO directories (id, name, client, domains) VALUES ($1, 'corp', 'auto', '{}')`, [id(1, 1)]],
  [
    `INSERT INTO tokens (id, directory_id, name, hash, hint, source) VALUES ($1, $2, 'idp', $3, '…6789', 'file')`,
    [id(2, 1), id(1, 1), hash('sha256', secret, 'hex')],
  ],
  [
    `INSERT INTO connections (id, directory_id, name, vendor, api_profile, tenant_id, settings, policy, status)
     VALUES ($1, $2, 'sentry', 'sentry', 'auto', 'sentry:1', $3, $4, 'ready')`,
    [id(3, 1), id(1, 1), aConnection('sentry').settings, policy],
  ],
]

/** And a person in a group, with an account, its journal and an event: what it goes on writing beside a newer release. */
const person = (number: number): readonly (readonly [string, readonly unknown[]])[] => {
  const userName = `person-${number}@example.com`
  return [
    [
      `INSERT INTO users (id, directory_id, user_name, user_name_key, email_keys, body, active_wanted, active_shown)
       VALUES ($1, $2, $3, $3, '{}', $4, true, true)`,
      [id(4, number), id(1, 1), userName, { userName, active: true }],
    ],
    [
      `INSERT INTO groups (id, directory_id, display_name, display_name_key, body) VALUES ($1, $2, $3, $3, $4)`,
      [id(5, number), id(1, 1), `group ${number}`, { displayName: `group ${number}` }],
    ],
    [`INSERT INTO members (group_id, user_id) VALUES ($1, $2)`, [id(5, number), id(4, number)]],
    [
      `INSERT INTO accounts (id, connection_id, user_id, vendor_tenant, vendor_account_id, held, status,
         proven_version, proven_at, priority)
       VALUES ($1, $2, $3, 'sentry:1', $4, $5, 'proven', 1, now(), 2)`,
      [
        id(6, number),
        id(3, 1),
        id(4, number),
        String(number),
        { login: userName, state: 'active', profile: {}, entitlements: [] },
      ],
    ],
    [
      `INSERT INTO operations (id, account_id, connection_id, op, operation, outcome, closed_at)
       VALUES ($1, $2, $3, 'create', '{}', 'done', now())`,
      [id(7, number), id(6, number), id(3, 1)],
    ],
    [
      `INSERT INTO events (directory_id, actor, action, resource_type, resource_id)
       VALUES ($1, 'token:idp', 'created', 'User', $2)`,
      [id(1, 1), id(4, number)],
    ],
  ]
}

async function write(
  url: string,
  statements: readonly (readonly [string, readonly unknown[]])[],
): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const [text, values] of statements) await client.query(text, [...values])
  } finally {
    await client.end()
  }
}

describe('an upgrade', () => {
  after(stopOwnServer)

  const origins = [
    ['the first release', names.slice(0, 1)],
    ['the schema before the last migration', names.slice(0, -1)],
  ] as const
  for (const [from, upTo] of origins) {
    it(`from ${from} keeps people, groups, links, tokens and events, and older processes go on writing`, async (t) => {
      const { url, drop } = await createTestDatabase('empty')
      t.after(drop)
      assert.deepEqual(await migrate(url, { upTo, release: '0.1.0' }), upTo)
      await write(url, [...beginning(aConnection('sentry').policy), ...person(1)])
      assert.deepEqual(await migrate(url), names.slice(upTo.length))

      const store = await openStore({ databaseUrl: url, dataDir: '/nonexistent', log: quiet })
      try {
        const applied = await store.applyConfiguration(aConfiguration(aConnection('sentry')))
        assert.deepEqual(applied.changes, [])
        const ref = await store.verifyToken(secret)
        assert.equal(ref?.id, id(1, 1))
        const by = anActor(ref.id)
        const found = async (number: number) => {
          const user = await store.directory.user(ref, id(4, number))
          const [membership] = await store.directory.groupsOf(ref, [id(4, number)])
          const [account] = await store.queue.outcomes(id(4, number))
          return [user?.body['userName'], membership?.display, account?.vendorAccountId, account?.proven]
        }
        assert.deepEqual(await found(1), ['person-1@example.com', 'group 1', '1', true])
        // The older process lives until it is restarted.
        await write(url, person(2))
        assert.deepEqual(await found(2), ['person-2@example.com', 'group 2', '2', true])
        assert.equal(
          (await store.directory.createUser(by, { userName: 'new@example.com', active: true })).kind,
          'stored',
        )
      } finally {
        await store.close()
      }
    })
  }
})
