import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Configuration } from '../../src/model/configuration.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import { startBenchGateway, type BenchGateway } from './server.ts'

const token = `bench_${randomBytes(16).toString('hex')}`
const publicUrl = 'https://scim.corp.example'

type Sisense = Awaited<ReturnType<typeof startSisense>>

export interface Bench {
  readonly client: pg.Client
  readonly vendor: Sisense
  readonly start: () => Promise<BenchGateway>
}

/** A database and a vendor of their own for one measurement. */
export async function withBench<T>(
  admin: string,
  url: (database: string) => string,
  work: (bench: Bench) => Promise<T>,
): Promise<T> {
  const name = `bench_${randomBytes(6).toString('hex')}`
  const root = new pg.Client({ connectionString: admin })
  await root.connect()
  await root.query(`CREATE DATABASE ${name}`)
  await root.end()
  const vendor = await startSisense({})
  const client = new pg.Client({ connectionString: url(name) })
  await client.connect()
  const gateways: BenchGateway[] = []
  const start = async (): Promise<BenchGateway> => {
    const gateway = await startBenchGateway(
      { databaseUrl: url(name), token, publicUrl },
      configuration(vendor),
    )
    gateways.push(gateway)
    return gateway
  }
  try {
    return await work({ client, vendor, start })
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()))
    await client.end()
    await vendor.close()
  }
}

function configuration(vendor: Sisense): Configuration {
  const { settings, credentials } = vendor.connection('current')
  return {
    directories: [
      {
        name: 'corp',
        client: 'okta',
        domains: [],
        tokens: [{ name: 'bench', secret: token }],
        connections: [
          {
            name: 'sisense',
            vendor: 'sisense',
            apiProfile: 'current',
            // The vendor is not what is measured.
            settings: { ...settings, requestsPerSecond: 1_000_000 },
            credentials,
            policy: {
              mode: 'enforce',
              people: 'assigned',
              login: 'userName',
              rules: [],
              default: { role: 'Viewer' },
              exclusive: false,
              deprovision: { inactive: ['disable', 'strip'], deleted: ['remove'], graceDays: 0 },
              rename: 'keep',
              adopt: 'always',
              reinvite: 'never',
              reply: { budgetMs: 8_000, pendingShutOut: 'retry' },
              guard: {
                protect: [],
                shutOuts: { count: 1_000_000, withinMs: 3_600_000 },
                revokes: { count: 1_000_000, withinMs: 3_600_000 },
              },
            },
          },
        ],
      },
    ],
  }
}

export interface Answered {
  readonly status: number
  readonly ms: number
  readonly body: { readonly id?: string } | undefined
}

export async function scim(port: number, method: string, path: string, body?: object): Promise<Answered> {
  const startedAt = performance.now()
  const response = await fetch(`http://127.0.0.1:${port}/scim/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    ms: performance.now() - startedAt,
    body: text ? JSON.parse(text) : undefined,
  }
}

export const user = (name: string): object => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName: `${name}@corp.example`,
  externalId: name,
  name: { givenName: 'Given', familyName: name },
  emails: [{ value: `${name}@corp.example`, type: 'work', primary: true }],
  active: true,
})

export const inactive = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', value: { active: false } }],
}
