import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import { startSentinelone } from '../../src/vendors/sentinelone/simulator/index.ts'
import { startSisense } from '../../src/vendors/sisense/simulator/index.ts'
import type { VendorSimulator } from '../../src/vendors/simulator/simulator.ts'
import {
  activate,
  addMember,
  aGroup,
  aUser,
  deactivate,
  freshDatabase,
  removeMember,
  scim,
  until,
} from '../support/gateway.ts'
import { configurationFile, kill, serve, type GatewayProcess } from '../support/process.ts'
import { falconPolicy, person, sentryPolicy, startFalcon, startSentryWithTeams } from '../support/vendors.ts'

/** `npm run chaos` sets more; the defaults are for every run of the tests. */
const people = Number(process.env['CHAOS_PEOPLE'] ?? 24)
const rounds = Number(process.env['CHAOS_ROUNDS'] ?? 3)
const seed = Number(process.env['CHAOS_SEED'] ?? 20261121)
const settleMs = 60_000 + people * 1_000
/** With all four vendors. */
const isLong = process.env['CHAOS_LONG'] !== undefined
const token = 'chaos-test-0123456789abcdef'
const groups = ['Analysts', 'Administrators'] as const

describe('chaos', () => {
  it(
    'loses nothing: whatever breaks, what vendors hold ends up being what the directory wants',
    { timeout: 600_000 + people * 3_000 },
    async (t) => {
      const random = mulberry(seed)
      const [falcon, sentry] = [await startFalcon(t), await startSentryWithTeams(t)]
      const more = isLong ? await moreVendors(t) : undefined
      const vendors: readonly VendorSimulator[] = [
        falcon,
        sentry,
        ...(more ? [more.sentinelone, more.sisense] : []),
      ]
      const gateways = await start(t, falcon, sentry, more)
      const drive = driver(gateways, random)
      const figures = { requests: 0, refused: 0, kills: 0, faults: 0 }
      await drive.seed(figures)

      for (let round = 0; round < rounds; round += 1) {
        const pushing = drive.push(people * 2, figures)
        for (const simulator of vendors) figures.faults += plant(simulator, random)
        falcon.state.tokens.clear()
        await delay(300)
        await gateways.killOne(random)
        if (round % 3 === 1) await gateways.breakStore()
        figures.kills += 1
        await pushing
        for (const simulator of vendors) simulator.clearFaults()
      }

      const wanted = await drive.wanted()
      const differing = (): string[] => [
        ...(more ? [...wanted].flatMap(([name, expected]) => differingAt(more, name, expected)) : []),
        ...[...wanted].flatMap(([name, expected]) =>
          (['falcon', 'sentry'] as const).flatMap((vendor) => {
            const held = person(vendor === 'falcon' ? falcon : sentry, name)?.entitlements ?? []
            return held.join() === expected[vendor].join()
              ? []
              : [`${name} at ${vendor}: ${held.join()} is not ${expected[vendor].join()}`]
          }),
        ),
      ]
      await until('convergence', () => differing().length === 0, settleMs).catch(() => undefined)
      t.diagnostic(
        `seed ${seed}: ${people} people, ${JSON.stringify(figures)}, differing ${differing().length}`,
      )
      const names = new Set(differing().map((line) => line.split(' ', 1)[0]!))
      for (const name of names) t.diagnostic(`${name}: ${await drive.standing(name)}`)
      assert.deepEqual(differing(), [])
      const twice = vendors.flatMap((simulator) => {
        const logins = simulator.people().map(({ login }) => login)
        return logins.filter((login, at) => logins.indexOf(login) !== at)
      })
      const violations = await gateways.guardViolations()
      // Each name that differs has a grant too few or a wish that was not carried out.
      t.diagnostic(
        `accounts created twice ${twice.length}, grants lost and acknowledged wishes lost ${differing().length}, guard violations ${violations}`,
      )
      assert.deepEqual(twice, [])
      assert.equal(violations, 0)
    },
  )
})

/** Far from all limits on mass changes but one that nobody reaches. */
const guard = { shutOuts: { count: 1_000_000, within: '1h' }, revokes: { count: 1_000_000, within: '1h' } }

interface MoreVendors {
  readonly sentinelone: Awaited<ReturnType<typeof startSentinelone>>
  readonly sisense: Awaited<ReturnType<typeof startSisense>>
}

async function moreVendors(t: TestContext): Promise<MoreVendors> {
  const [sentinelone, sisense] = await Promise.all([startSentinelone({}), startSisense({})])
  t.after(() => Promise.all([sentinelone.close(), sisense.close()]))
  return { sentinelone, sisense }
}

/** Whoever is active holds a role there that lets them in; whoever is not holds none. */
function differingAt({ sentinelone, sisense }: MoreVendors, name: string, { falcon }: Expected): string[] {
  const active = falcon.length > 0
  const { roles } = sentinelone.state
  const held = person(sentinelone, name)?.entitlements ?? []
  const named = held.map((key) => roles.find(({ id }) => key.startsWith(`role:${id}@`))?.name)
  const admin = falcon.includes('role:falcon_admin@cid')
  const wanted = active ? [admin ? 'Admin' : 'Viewer'] : ['No Access']
  const reader = person(sisense, name)
  // Where the off switch does not hold, what is left is the lowest role.
  const there =
    reader?.state === 'active' && reader.entitlements.some((key) => /contributor|Designer/.test(key))
  return [
    ...(named.join() === wanted.join() || (!active && held.length === 0)
      ? []
      : [`${name} at sentinelone: ${named.join()} is not ${wanted.join()}`]),
    ...(there === active ? [] : [`${name} at sisense: ${there ? 'active' : 'not active'}`]),
  ]
}

interface Gateways {
  /** Ends every connection to the store, as its restart does. */
  breakStore(): Promise<void>
  /** Accounts that went through a limit more than once for one wish. */
  guardViolations(): Promise<number>
  url(random: () => number): string
  killOne(random: () => number): Promise<void>
}

async function start(
  t: TestContext,
  falcon: VendorSimulator,
  sentry: VendorSimulator,
  more: MoreVendors | undefined,
): Promise<Gateways> {
  const reply = { budget: '1s' }
  const policyOf = ({ rules, default: byDefault }: typeof falconPolicy) => ({
    rules,
    default: byDefault,
    reply,
    guard,
  })
  const file = await configurationFile(t, {
    directories: {
      corp: {
        client: 'okta',
        tokens: [{ name: 'test', secret: token }],
        connections: {
          falcon: { vendor: 'crowdstrike', ...falcon.connection('current'), ...policyOf(falconPolicy) },
          sentry: { vendor: 'sentry', ...sentry.connection('current'), ...policyOf(sentryPolicy) },
          ...(more && {
            sentinelone: {
              vendor: 'sentinelone',
              ...more.sentinelone.connection('current'),
              ...policyOf({
                default: { role: 'Viewer' },
                rules: [{ group: 'Administrators', role: 'Admin' }],
              }),
            },
            sisense: {
              vendor: 'sisense',
              ...more.sisense.connection('current'),
              ...policyOf({ default: { role: 'Designer' }, rules: [] }),
            },
          }),
        },
      },
    },
  })
  const databaseUrl = await freshDatabase()
  const running: GatewayProcess[] = [await serve(t, file, databaseUrl), await serve(t, file, databaseUrl)]
  const pick = (random: () => number) => Math.floor(random() * running.length)
  const query = async <T extends object>(text: string): Promise<T[]> => {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    try {
      return (await client.query<T>(text)).rows
    } finally {
      await client.end()
    }
  }
  return {
    async breakStore() {
      await query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`)
    },
    async guardViolations() {
      const rows = await query(`SELECT account_id FROM guard_entries
        GROUP BY connection_id, kind, account_id, wanted_version HAVING count(*) > 1`)
      return rows.length
    },
    url: (random) => running[pick(random)]!.url,
    async killOne(random) {
      const at = pick(random)
      await kill(running[at]!)
      running[at] = await serve(t, file, databaseUrl)
    },
  }
}

/** Faults of every kind, for the next requests of any sort. */
function plant(simulator: VendorSimulator, random: () => number): number {
  const plans: readonly (() => void)[] = [
    () => simulator.loseAnswer({ method: 'POST', times: 3 }),
    () => simulator.loseAnswer({ method: 'DELETE', times: 2 }),
    () => simulator.failNext({ status: 503, times: 4 }),
    () => simulator.failNext({ status: 502, body: '<html>Bad gateway</html>', times: 3 }),
    () =>
      simulator.failNext({
        status: 429,
        headers: { 'retry-after': '1' },
        body: { detail: 'slow down' },
        times: 3,
      }),
    () => simulator.failNext({ drop: true, times: 3 }),
    () => simulator.slow({ method: 'POST', ms: 400 }),
    () =>
      simulator.failNext({ status: 200, body: '{"resources":', contentType: 'application/json', times: 2 }),
  ]
  const chosen = plans.filter(() => random() < 0.6)
  for (const each of chosen) each()
  return chosen.length
}

interface Expected {
  readonly falcon: readonly string[]
  readonly sentry: readonly string[]
}

function driver(gateways: Gateways, random: () => number) {
  const users = new Map<string, string>()
  const groupIds = new Map<string, string>()

  /** As an identity provider does: asks again until it hears a yes or a no. */
  async function send(figures: { requests: number }, method: string, path: string, body?: unknown) {
    for (;;) {
      figures.requests += 1
      const answer = await scim(gateways.url(random), token, method, path, body).catch(() => undefined)
      if (answer && answer.status < 500) return answer
      await delay(100)
    }
  }

  async function createUser(figures: { requests: number }, name: string): Promise<void> {
    const created = await send(figures, 'POST', '/Users', aUser(name))
    if (created.status === 201) users.set(name, created.body.id)
    else {
      const filter = encodeURIComponent(`userName eq "${name}@example.com"`)
      users.set(name, (await send(figures, 'GET', `/Users?filter=${filter}`)).body.Resources[0].id)
    }
  }

  return {
    async seed(figures: { requests: number }) {
      for (const name of groups)
        groupIds.set(name, (await send(figures, 'POST', '/Groups', aGroup(name))).body.id)
      await each(
        Array.from({ length: people }, (_, at) => `p${at}`),
        (name) => createUser(figures, name),
      )
    },

    async push(count: number, figures: { requests: number; refused: number }) {
      const names = [...users.keys()]
      await each(
        Array.from({ length: count }, (_, at) => at),
        async () => {
          const id = users.get(names[Math.floor(random() * names.length)]!)!
          const group = groupIds.get(groups[Math.floor(random() * groups.length)]!)!
          const [path, body] = (
            [
              [`/Groups/${group}`, addMember(id)],
              [`/Groups/${group}`, removeMember(id)],
              [`/Users/${id}`, deactivate],
              [`/Users/${id}`, activate],
            ] as const
          )[Math.floor(random() * 4)]!
          const { status } = await send(figures, 'PATCH', path, body)
          if (status >= 400) figures.refused += 1
        },
      )
    },

    async standing(name: string): Promise<string> {
      const urn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'
      const { body } = await send(
        { requests: 0 },
        'GET',
        `/Users/${users.get(name)}?attributes=active,${urn}`,
      )
      return JSON.stringify({ active: body.active, ...body[urn] })
    },

    /** What the rules say of the directory as it stands at the end. */
    async wanted(): Promise<ReadonlyMap<string, Expected>> {
      const figures = { requests: 0 }
      const all = await Promise.all(
        [...users].map(async ([name, id]) => {
          const { body } = await send(figures, 'GET', `/Users/${id}`)
          const member = new Set((body.groups ?? []).map((each: { display: string }) => each.display))
          return [name, body.active ? expected(member) : { falcon: [], sentry: [] }] as const
        }),
      )
      return new Map(all)
    },
  }
}

function expected(member: ReadonlySet<unknown>): Expected {
  const roles = [
    ...(member.has('Analysts') ? ['role:detection_monitor@cid'] : []),
    'role:event_viewer@cid',
    ...(member.has('Administrators') ? ['role:falcon_admin@cid'] : []),
  ]
  const teams = [
    ...(member.has('Administrators') ? ['group:admins'] : []),
    ...(member.has('Analysts') ? ['group:analysts'] : []),
    'group:everyone',
    'role:member',
  ]
  return { falcon: roles, sentry: teams }
}

/** Six at a time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
    }),
  )
}

/** A small seeded generator, so that a run can be repeated. */
function mulberry(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
