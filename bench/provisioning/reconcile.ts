import { setTimeout as delay } from 'node:timers/promises'
import { withLeavers } from './leavers.ts'
import { addPeople, provenCount } from './people.ts'
import type { Bench } from './setting.ts'

export interface Reconciled {
  readonly seconds: number
  readonly drifts: number
  readonly leavers: number
  /** Milliseconds until the slowest of them was proven. */
  readonly slowest: number
  /** Megabytes, in the order in which they were taken. */
  readonly rss: readonly number[]
}

/** Proven accounts, as many at the vendor, and one comparison of both that finds nothing, while people leave. */
export async function reconciled({ client, vendor, start }: Bench, accounts: number): Promise<Reconciled> {
  const gateway = await start()
  await addPeople(client, 1, 1)
  while ((await provenCount(client)) < 1) await delay(50)
  await copyProven(client, vendor, accounts)
  const leaving = await withLeavers(gateway, 40)
  const rss: number[] = []
  const startedAt = performance.now()
  gateway.reconcile()
  for (;;) {
    rss.push(Math.round((await gateway.rss()) / 2 ** 20))
    const { rows } = await client.query<{ state: string; counts: object }>(
      "SELECT state, counts FROM surveys WHERE state <> 'running'",
    )
    const [survey] = rows
    if (survey && survey.state !== 'done') throw new Error(`the reconciliation ended as ${survey.state}`)
    if (survey) break
    await leaving.leave()
    await delay(250)
  }
  const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM drifts')
  return {
    seconds: (performance.now() - startedAt) / 1_000,
    drifts: rows[0]!.count,
    ...leaving.figures(),
    rss,
  }
}

/** Everybody but the first has what the first was given, at the vendor and in the store. */
async function copyProven(client: Bench['client'], vendor: Bench['vendor'], accounts: number): Promise<void> {
  await client.query('CREATE TEMP TABLE made (login text PRIMARY KEY, id text)')
  const first = vendor.state.user('user-000001@corp.example')!
  for (let from = 2; from <= accounts; from += 10_000) {
    const count = Math.min(10_000, accounts - from + 1)
    const made = Array.from({ length: count }, (_, at) => {
      const login = `user-${String(from + at).padStart(6, '0')}@corp.example`
      const { _id } = vendor.state.addUser({
        email: login,
        firstName: 'Given',
        lastName: `Family ${from + at}`,
        roleId: first.roleId,
      })
      return { login, _id }
    })
    await client.query('INSERT INTO made SELECT * FROM unnest($1::text[], $2::text[])', [
      made.map(({ login }) => login),
      made.map(({ _id }) => _id),
    ])
    await addPeople(client, from, count, 'proven')
  }
  await client.query(`
    UPDATE accounts a SET status = 'proven', proven_version = a.wanted_version, vendor_tenant = f.vendor_tenant, vendor_account_id = m.id,
      held = jsonb_set(f.held, '{account}', f.held->'account' || jsonb_build_object('id', m.id, 'login', m.login,
        'profile', f.held->'account'->'profile' || jsonb_build_object('userName', m.login, 'email', m.login,
          'familyName', u.body->'name'->>'familyName')))
    FROM made m JOIN users u ON u.user_name_key = m.login, accounts f
    WHERE a.user_id = u.id AND f.connection_id = a.connection_id AND f.vendor_account_id IS NOT NULL`)
  await client.query('ANALYZE')
}
