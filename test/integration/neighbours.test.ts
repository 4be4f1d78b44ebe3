import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { freshDatabase } from '../support/database.ts'
import { aGroup, aUser, deactivate, scim, until } from '../support/gateway.ts'
import { configurationFile, serve } from '../support/process.ts'
import { falconPolicy, person, startFalcon, startSentryWithTeams } from '../support/vendors.ts'

/* Five vendors that answer badly in one directory, and a healthy one in another: what the neighbour notices of them. */

/** `npm run chaos` sets more. */
const leavers = Number(process.env['NEIGHBOURS_PEOPLE'] ?? 12)
/** Of the other directory; with five accounts each, far more than the workers have places. */
const people = Number(process.env['NEIGHBOURS_DUE'] ?? 40)
const tokens = { healthy: 'healthy-test-0123456789abcdef', odd: 'odd-test-0123456789abcdef' }

interface Odd {
  readonly vendor: VendorSimulator
  readonly rules: object
  start(): void
}

/** Each accepts connections, and then … */
async function oddVendors(t: TestContext): Promise<Readonly<Record<string, Odd>>> {
  const [silent, verbose, lying] = await Promise.all([
    startFalcon(t),
    startFalcon(t),
    startSentryWithTeams(t),
  ])
  const [looping, slow] = await Promise.all([startSentinelone({ profile: 'current' }), startSisense({})])
  t.after(() => Promise.all([looping.close(), slow.close()]))
  const falconRules = {
    default: { role: 'event_viewer' },
    rules: [{ group: 'Everybody', role: 'Detection Monitor' }],
  }
  const text = '-eyJ role slug '.repeat(15_000)
  return {
    silent: {
      vendor: silent,
      rules: falconRules,
      start: () => silent.slow({ ms: 600_000 }),
    },
    looping: {
      vendor: looping,
      rules: { default: { role: 'Viewer' }, rules: [{ group: 'Everybody', role: 'Admin' }] },
      start: () =>
        looping.rewrite({
          method: 'GET',
          change: (answer, { query }) => {
            const body = answer.body as { readonly data?: unknown; readonly pagination?: object } | undefined
            if (!Array.isArray(body?.data)) return answer
            const nextCursor = query.includes('cursor=AA') ? 'QkI' : 'AA'
            return { ...answer, body: { ...body, data: [], pagination: { nextCursor, totalItems: 0 } } }
          },
        }),
    },
    slow: {
      vendor: slow,
      rules: { default: { role: 'Viewer' }, rules: [{ group: 'Everybody', role: 'Designer' }] },
      start: () => slow.slow({ ms: 2_000 }),
    },
    lying: {
      vendor: lying,
      rules: { default: { role: 'Member' }, rules: [{ group: 'Everybody', team: 'everyone' }] },
      start: () =>
        lying.rewrite({
          change: (answer, { path }) =>
            path.includes('/members/') ? { status: 200, body: { detail: 'done', success: true } } : answer,
        }),
    },
    verbose: {
      vendor: verbose,
      rules: falconRules,
      start: () =>
        verbose.failNext({
          status: 400,
          body: { errors: [{ code: 400, message: text }], resources: [] },
          times: 1_000_000,
        }),
    },
  }
}

/** Everybody has an account at each of them; then they answer badly, and everybody is to get a role more. */
async function makeDue(url: string, odd: Readonly<Record<string, Odd>>): Promise<void> {
  const vendors = Object.values(odd)
  const ids: string[] = []
  for (let at = 0; at < people; at += 10) {
    const some = Array.from({ length: Math.min(10, people - at) }, (_, n) => aUser(`odd${at + n}`))
    const made = await Promise.all(some.map((body) => scim(url, tokens.odd, 'POST', '/Users', body)))
    ids.push(...made.map(({ body }) => body.id))
  }
  const isThere = ({ vendor }: Odd): boolean => vendor.people().length >= people
  await until('the accounts of the other directory', () => vendors.every(isThere))
  for (const { start } of vendors) start()
  await scim(url, tokens.odd, 'POST', '/Groups', aGroup('Everybody', ...ids))
  await delay(1_000)
}

interface Figures {
  readonly leavers: readonly number[]
  readonly revokes: readonly number[]
  readonly live: readonly number[]
}

async function measured(t: TestContext, isBeside: boolean): Promise<Figures> {
  const falcon = await startFalcon(t)
  const odd = await oddVendors(t)
  const reply = { budget: '500ms', pendingShutOut: 'accept' }
  const unlimited = { count: 1_000_000, within: '1h' }
  const guard = { shutOuts: unlimited, revokes: unlimited }
  const connectionOf = (vendor: VendorSimulator, rules: object): object => ({
    vendor: vendor.vendor,
    ...vendor.connection('current'),
    ...rules,
    reply,
    guard,
  })
  const { default: byDefault, rules } = falconPolicy
  const file = await configurationFile(t, {
    directories: {
      healthy: {
        client: 'okta',
        tokens: [{ name: 'test', secret: tokens.healthy }],
        connections: { falcon: connectionOf(falcon, { default: byDefault, rules }) },
      },
      ...(isBeside && {
        odd: {
          client: 'okta',
          tokens: [{ name: 'test', secret: tokens.odd }],
          connections: Object.fromEntries(
            Object.entries(odd).map(([name, { vendor, rules: own }]) => [name, connectionOf(vendor, own)]),
          ),
        },
      }),
    },
  })
  const { url } = await serve(t, file, await freshDatabase(), { LOG_LEVEL: 'info' })
  const healthy = (method: string, path: string, body?: unknown) =>
    scim(url, tokens.healthy, method, path, body)

  const names = Array.from({ length: 2 * leavers }, (_, at) => `p${at}`)
  const ids: string[] = []
  for (const name of names) ids.push((await healthy('POST', '/Users', aUser(name))).body.id)
  const { body: group } = await healthy('POST', '/Groups', aGroup('Administrators', ...ids))
  const holds = (name: string): number => person(falcon, name)?.entitlements.length ?? 0
  await until('the roles of the group', () => names.every((name) => holds(name) > 1))

  if (isBeside) await makeDue(url, odd)

  const live: number[] = []
  let isOver = false
  const looking = (async () => {
    while (!isOver) {
      const from = performance.now()
      await (await fetch(`${url}/health/live`)).text()
      live.push(performance.now() - from)
      await delay(20)
    }
  })()
  const figures = { leavers: [] as number[], revokes: [] as number[], live }
  const timed = async (what: string, act: () => Promise<unknown>, isDone: () => boolean): Promise<number> => {
    const from = performance.now()
    await act()
    await until(what, isDone, 60_000, 5)
    return performance.now() - from
  }
  try {
    for (const [at, name] of names.entries()) {
      const id = ids[at]!
      if (at % 2 === 0) {
        const value = [{ value: id }]
        const remove = {
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [{ op: 'remove', path: 'members', value }],
        }
        const before = holds(name)
        const act = () => healthy('PATCH', `/Groups/${group.id}`, remove)
        figures.revokes.push(await timed(`the revoke of ${name}`, act, () => holds(name) < before))
      } else {
        const act = () => healthy('PATCH', `/Users/${id}`, deactivate)
        figures.leavers.push(await timed(`the shut-out of ${name}`, act, () => holds(name) === 0))
      }
    }
  } finally {
    isOver = true
    for (const { vendor } of Object.values(odd)) vendor.clearFaults()
  }
  await looking
  return figures
}

const quantile = (all: readonly number[], share: number): number =>
  all.toSorted((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0

const inWords = (all: readonly number[]): string =>
  `median ${quantile(all, 0.5).toFixed(0)} ms, longest ${quantile(all, 1).toFixed(0)} ms`

describe('vendors that are silent, slow, lie, loop and talk too much', { timeout: 900_000 }, () => {
  it('cost the leavers and revokes of another directory nothing', async (t) => {
    const control = await measured(t, false)
    const beside = await measured(t, true)
    for (const what of ['leavers', 'revokes', 'live'] as const) {
      t.diagnostic(`${what}: ${inWords(control[what])} alone; ${inWords(beside[what])} beside them`)
    }
    // Far from a timing test: held up by one of them, a revoke took 16 to 30 s.
    for (const what of ['leavers', 'revokes'] as const) {
      const most = 3 * quantile(control[what], 0.5) + 1_000
      assert.ok(quantile(beside[what], 0.5) < most, `${what}: ${inWords(beside[what])}`)
      assert.ok(quantile(beside[what], 1) < most + 4_000, `${what}: ${inWords(beside[what])}`)
    }
    assert.ok(quantile(beside.live, 0.99) < 1_000, `live: ${inWords(beside.live)}`)
  })
})
