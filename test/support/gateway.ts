import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import pino, { type Logger } from 'pino'
import { startGateway, type Gateway } from '../../src/app/gateway.ts'
import type { Configuration, ConnectionConfig, Environment } from '../../src/model/configuration.ts'
import { vendorOf } from '../../src/vendors/registry.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { aPolicy } from './configuration.ts'
import { freshDatabase } from './database.ts'
import './prototypes.ts'
import type { ApiProfile } from '../../src/model/account.ts'
import type { Policy } from '../../src/model/policy.ts'
import type { ClientProfile } from '../../src/model/directory.ts'

export interface ConnectionUnderTest {
  readonly name: string
  readonly simulator: VendorSimulator
  readonly profile?: ApiProfile | 'auto'
  readonly policy?: Partial<Policy>
  readonly settings?: Readonly<Record<string, unknown>>
  readonly credentials?: Readonly<Record<string, string>>
}

export interface GatewaySetting {
  readonly connections: readonly ConnectionUnderTest[]
  readonly client?: ClientProfile
  readonly domains?: readonly string[]
  readonly databaseUrl?: string
  /** Of another gateway on the same database; its own otherwise. */
  readonly token?: string
  readonly timeoutMs?: number
  /** Process settings beside those of every test. */
  readonly environment?: Partial<Environment>
  readonly log?: Logger
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // Bodies are asserted on, field by field.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

export interface GatewayUnderTest {
  readonly gateway: Gateway
  readonly token: string
  readonly databaseUrl: string
  /** Sends a SCIM request below the base URL. */
  scim(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** Waits until a condition holds, a minute at most. */
  until(what: string, condition: () => boolean | Promise<boolean>): Promise<void>
}

export { freshDatabase } from './database.ts'

/** The whole gateway on a fresh database and a real socket; closed when the test ends. */
export async function startTestGateway(t: TestContext, setting: GatewaySetting): Promise<GatewayUnderTest> {
  const databaseUrl = setting.databaseUrl ?? (await freshDatabase())
  const token = setting.token ?? `test_${randomBytes(12).toString('hex')}`
  const configuration = configurationOf(setting, token)
  const gateway = await startGateway({
    environment: { ...environmentFor(databaseUrl), ...setting.environment },
    configuration,
    log: setting.log ?? pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
    ...(setting.timeoutMs === undefined ? {} : { timeoutMs: setting.timeoutMs }),
  })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= gateway.close())
  t.after(close)
  return {
    gateway: { ...gateway, close },
    token,
    databaseUrl,
    scim: (method, path, body, headers) => scim(gateway.url, token, method, path, body, headers),
    until,
  }
}

/** Of an admin of the operator API, at every gateway under test. */
export const adminToken = 'admin-token-for-tests'

export function environmentFor(databaseUrl: string): Environment {
  return {
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    databaseUrl,
    dataDir: '/nonexistent',
    insecureTargets: ['127.0.0.1'],
    adminToken,
    logLevel: 'silent',
  }
}

export function configurationOf(setting: GatewaySetting, token: string): Configuration {
  return {
    directories: [
      {
        name: 'corp',
        client: setting.client ?? 'auto',
        domains: setting.domains ?? [],
        tokens: [{ name: 'test', secret: token }],
        connections: setting.connections.map(connectionOf),
      },
    ],
  }
}

function connectionOf({
  name,
  simulator,
  profile = 'current',
  ...given
}: ConnectionUnderTest): ConnectionConfig {
  const vendor = vendorOf(simulator.vendor)
  if (!vendor) throw new Error(`no vendor ${simulator.vendor}`)
  const { settings, credentials } = simulator.connection(profile === 'auto' ? 'current' : profile)
  return {
    name,
    vendor: vendor.id,
    apiProfile: profile,
    settings: { ...settings, ...given.settings },
    credentials: { ...credentials, ...given.credentials },
    policy: aPolicy({ deprovision: { ...vendor.deprovision, graceDays: 0 }, ...given.policy }),
  }
}

export async function scim(
  url: string,
  token: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${url}/scim/v2${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  }
}

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 60_000,
  everyMs = 25,
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs / 1_000} s: ${what}`)
    await delay(everyMs)
  }
}

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

export function aUser(name: string, given: object = {}): object {
  const login = `${name}@example.com`
  return {
    schemas: [userSchema],
    userName: login,
    externalId: `ext-${name}`,
    name: { givenName: name, familyName: 'Test' },
    emails: [{ value: login, type: 'work', primary: true }],
    active: true,
    ...given,
  }
}

export function aGroup(displayName: string, ...members: readonly string[]): object {
  return { schemas: [groupSchema], displayName, members: members.map((value) => ({ value })) }
}

export function aPatch(...Operations: readonly object[]): object {
  return { schemas: [patchSchema], Operations }
}

export const deactivate = aPatch({ op: 'replace', value: { active: false } })
export const activate = aPatch({ op: 'replace', value: { active: true } })
export const addMember = (id: string): object =>
  aPatch({ op: 'add', path: 'members', value: [{ value: id }] })
export const removeMember = (id: string): object =>
  aPatch({ op: 'remove', path: `members[value eq "${id}"]` })
