import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import pg from 'pg'
import { embeddedDatabase, makeDatabase, startEmbedded } from '../../src/store/embedded/embedded.ts'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { adminToken, until } from '../support/gateway.ts'
import { configurationFile, kill, serve, stop, type GatewayProcess } from '../support/process.ts'
import { falconPolicy, sentryPolicy, startFalcon, startSentryWithTeams } from '../support/vendors.ts'
import type { Vendors } from './expected.ts'

export const token = 'chaos-test-0123456789abcdef'

const unlimited = { count: 1_000_000, within: '1h' }

/** Two gateways on one store, and the vendors. */
export interface Stage {
  readonly vendors: Vendors
  /** The address of a gateway that is not being stopped. */
  url(): string
  killOne(): Promise<void>
  /** One after the other is stopped as a supervisor does, and started anew. */
  restartEach(): Promise<void>
  /** Stops the store, orderly or as a crash does, and waits until it serves again. */
  restartStore(): Promise<void>
  /** Lets go on, at the connection with the low limit, what the guard holds back. Gives how many plans that were. */
  approve(): Promise<number>
  query<T extends object>(text: string): Promise<T[]>
}

export interface StageOptions {
  /** With all four vendors. */
  readonly isLong: boolean
  /** People that may be shut out at Sentry within the hour. */
  readonly mostShutOuts: number
  readonly random: () => number
}

export async function setStage(t: TestContext, options: StageOptions): Promise<Stage> {
  const { random } = options
  const vendors = await startVendors(t, options.isLong)
  const file = await configurationFile(t, configurationOf(vendors, options.mostShutOuts))
  const store = await startStore()
  const databaseUrl = store.url
  const start = () => serve(t, file, databaseUrl, { DRAWBRIDGE_ADMIN_TOKEN: adminToken })
  const running: GatewayProcess[] = [await start(), await start()]
  // After the gateways have been ended: hooks run in the order in which they came.
  t.after(store.stop)
  const away = new Set<number>()
  const pick = (): number => Math.floor(random() * running.length)
  const anyOther = (): GatewayProcess => running[running.findIndex((_, at) => !away.has(at))]!

  async function query<T extends object>(text: string): Promise<T[]> {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    try {
      return (await client.query<T>(text)).rows
    } finally {
      await client.end()
    }
  }

  return {
    vendors,
    query,
    url() {
      const at = pick()
      return (away.has(at) ? anyOther() : running[at]!).url
    },
    async killOne() {
      const at = pick()
      await kill(running[at]!)
      running[at] = await start()
    },
    async restartEach() {
      for (const at of running.keys()) {
        away.add(at)
        assert.equal(await stop(running[at]!), 0, 'a gateway ends by itself when it is told to')
        running[at] = await start()
        away.delete(at)
      }
    },
    async restartStore() {
      await store.end(random() < 0.5 ? 'SIGINT' : 'SIGQUIT')
      const serves = () =>
        query('SELECT 1').then(
          () => true,
          () => false,
        )
      await until('the store serves again', serves)
    },
    async approve() {
      const [connection] = await query<{ id: string }>(`SELECT id FROM connections WHERE name = 'sentry'`)
      const address = `${anyOther().url}/admin/api/v1/connections/${connection!.id}/plans/approve`
      const answer = await fetch(address, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ all: true }),
      })
      assert.equal(answer.status, 200, await answer.clone().text())
      return ((await answer.json()) as { readonly decided: number }).decided
    },
  }
}

interface OwnStore {
  readonly url: string
  /** `SIGINT`: a fast shutdown; `SIGQUIT`: at once, so that it recovers at its next start. Waits until it was started again. */
  end(how: 'SIGINT' | 'SIGQUIT'): Promise<void>
  stop(): Promise<void>
}

/** A PostgreSQL that nobody else uses. */
async function startStore(): Promise<OwnStore> {
  const dir = await mkdtemp(join(tmpdir(), 'drawbridge-chaos-'))
  // PostgreSQL never runs as root: its own user must reach its files.
  await chmod(dir, 0o711)
  const server = await startEmbedded(dir)
  await makeDatabase(server)
  return {
    url: server.url(embeddedDatabase),
    async end(how) {
      const before = server.pid()
      process.kill(before, how)
      await until('the store is started again', () => server.pid() !== before)
    },
    async stop() {
      await server.stop()
      await rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    },
  }
}

async function startVendors(t: TestContext, isLong: boolean): Promise<Vendors> {
  const [falcon, sentry] = [await startFalcon(t), await startSentryWithTeams(t)]
  if (!isLong) return { falcon, sentry }
  const [sentinelone, sisense] = await Promise.all([startSentinelone({}), startSisense({})])
  t.after(() => Promise.all([sentinelone.close(), sisense.close()]))
  return { falcon, sentry, sentinelone, sisense }
}

interface Rules {
  readonly default?: object | undefined
  readonly rules?: readonly object[] | undefined
}

function configurationOf(vendors: Vendors, mostShutOuts: number): object {
  const { falcon, sentry, sentinelone, sisense } = vendors
  const reply = { budget: '1s' }
  const connection = (vendor: string, simulator: VendorSimulator, rules: Rules): object => ({
    vendor,
    ...simulator.connection('current'),
    ...rules,
    reply,
    guard: { shutOuts: unlimited, revokes: unlimited },
  })
  return {
    directories: {
      corp: {
        client: 'okta',
        tokens: [{ name: 'test', secret: token }],
        connections: {
          falcon: connection('crowdstrike', falcon, picked(falconPolicy)),
          sentry: {
            ...connection('sentry', sentry, picked(sentryPolicy)),
            // What the guard holds back is told by the account; the identity provider need not ask until it is released.
            reply: { ...reply, pendingShutOut: 'accept' },
            guard: { shutOuts: { count: mostShutOuts, within: '1h' }, revokes: unlimited },
          },
          ...(sentinelone && {
            sentinelone: connection('sentinelone', sentinelone, {
              default: { role: 'Viewer' },
              rules: [{ group: 'Administrators', role: 'Admin' }],
            }),
          }),
          ...(sisense && {
            sisense: connection('sisense', sisense, { default: { role: 'Designer' }, rules: [] }),
          }),
        },
      },
    },
  }
}

const picked = ({ default: byDefault, rules }: Rules): Rules => ({ default: byDefault, rules })
