import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { TestContext } from 'node:test'
import { scimPlugin, type ScimOptions } from '../../src/scim/http/plugin.ts'
import type { VerifiedToken } from '../../src/scim/ports.ts'
import { type MemoryDirectory, memoryDirectory } from './memory-directory.ts'
import { type ScriptedProvisioning, scriptedProvisioning } from './scripted-provisioning.ts'
import './prototypes.ts'
import type { ClientProfile } from '../../src/model/directory.ts'

export const token = 'secret-of-the-corp-directory'
export const base = '/scim/v2'
export const coreUser = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const coreGroup = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** Parsed body; an empty object without one. */
  readonly json: Readonly<Record<string, unknown>>
}

export interface ScimApp {
  readonly app: FastifyInstance
  readonly memory: MemoryDirectory
  readonly provisioning: ScriptedProvisioning
  readonly directory: VerifiedToken
  /** Sends a request with the directory's token and, with a body, as SCIM JSON; a header set to undefined is not sent. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string | undefined>,
  ): Promise<Answered>
}

export interface ScimAppOptions extends Partial<ScimOptions> {
  readonly client?: ClientProfile
  readonly memory?: MemoryDirectory
  readonly server?: FastifyServerOptions
}

export function directoryNamed(name: string, client: ClientProfile = 'auto'): VerifiedToken {
  return { id: `id-of-${name}`, name, client, domains: [], tokenName: 'first' }
}

/** The service provider with a memory directory and scripted provisioning, closed with the test. */
export async function scimApp(t: TestContext, options: ScimAppOptions = {}): Promise<ScimApp> {
  const { client = 'auto', memory = memoryDirectory(), server = {}, ...rest } = options
  const provisioning = scriptedProvisioning()
  const directory = directoryNamed('corp', client)
  const app = Fastify({ logger: false, ...server })
  t.after(() => app.close())
  await app.register(scimPlugin, {
    prefix: base,
    verifyToken: async (secret) => (secret === token ? directory : undefined),
    directory: memory,
    provisioning,
    ...rest,
  })

  async function call(...[method, path, body, headers = {}]: Parameters<ScimApp['call']>): Promise<Answered> {
    const sent: Record<string, string | undefined> = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }),
      ...headers,
    }
    const answer = await app.inject({
      method: method as 'GET',
      url: base + path,
      headers: Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined)),
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const json = answer.body === '' ? {} : JSON.parse(answer.body)
    return { status: answer.statusCode, headers: answer.headers, text: answer.body, json }
  }

  return { app, memory, provisioning, directory, call }
}

export const aUser = (userName: string, more: object = {}): object => ({
  schemas: [coreUser],
  userName,
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [{ value: userName, type: 'work', primary: true }],
  externalId: `ext-${userName}`,
  active: true,
  ...more,
})

export const aGroup = (displayName: string, ...members: readonly string[]): object => ({
  schemas: [coreGroup],
  displayName,
  members: members.map((value) => ({ value })),
})

export const aPatch = (...operations: readonly object[]): object => ({
  schemas: [patchOp],
  Operations: operations,
})
