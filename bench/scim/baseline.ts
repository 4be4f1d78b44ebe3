import bearerAuth from '@fastify/bearer-auth'
import Fastify from 'fastify'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { poolConfig } from '../../src/store/sql/direct.ts'
import { serveParent, type Start } from './process.ts'
import { statements } from './statements.ts'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const core = 'urn:ietf:params:scim:schemas:core:2.0:'

interface Row {
  readonly id: string
  readonly body: Readonly<Record<string, unknown>>
  readonly version: number
  readonly created_at: Date
  readonly last_modified: Date
  readonly links: readonly { readonly value: string; readonly display: string }[] | null
  readonly total?: number
}

/**
 * What a read or write costs at least: a bare route behind the same bearer plugin, one prepared statement of the same
 * driver, and the same JSON. Knows nothing of SCIM: no parsing, no checks, no log, no negotiation.
 */
async function open({ databaseUrl, token, publicUrl }: Start): Promise<{
  readonly port: number
  close(): Promise<unknown>
}> {
  const pool = new pg.Pool(poolConfig(databaseUrl).config)
  const { rows: directories } = await pool.query<{ id: string }>('SELECT id FROM directories')
  const directory = directories[0]!.id
  const base = `${publicUrl}/scim/v2`
  const app = Fastify({ forceCloseConnections: true })
  await app.register(bearerAuth, { keys: new Set([token]) })
  app.addContentTypeParser(
    'application/scim+json',
    { parseAs: 'string' },
    app.getDefaultJsonParser('remove', 'remove'),
  )
  app.addHook('onSend', async (_request, reply) => {
    reply.header('content-type', 'application/scim+json')
  })

  const run = async (name: keyof typeof statements, values: unknown[]): Promise<Row[]> =>
    (await pool.query<Row>({ name, text: statements[name], values })).rows
  const one = async (name: keyof typeof statements, values: unknown[]): Promise<Row> =>
    (await run(name, values))[0]!
  const shown = (type: 'User' | 'Group', row: Row): object => {
    const [key, other] = type === 'User' ? (['groups', 'Groups'] as const) : (['members', 'Users'] as const)
    const links = row.links?.map(({ value, display }) => ({
      value,
      $ref: `${base}/${other}/${value}`,
      display,
      type: type === 'User' ? 'direct' : 'User',
    }))
    return {
      schemas: enterprise in row.body ? [core + type, enterprise] : [core + type],
      id: row.id,
      ...row.body,
      ...(links && { [key]: links }),
      meta: {
        resourceType: type,
        created: row.created_at.toISOString(),
        lastModified: row.last_modified.toISOString(),
        location: `${base}/${type}s/${row.id}`,
        version: `W/"${row.version}"`,
      },
    }
  }
  const list = (rows: Row[], startIndex = 1): object => ({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: rows[0]?.total ?? 0,
    startIndex,
    itemsPerPage: rows.length,
    Resources: rows.map((row) => shown('User', row)),
  })

  type Params = { readonly id: string }
  type Query = Readonly<Record<string, string>>
  app.get<{ Params: Params }>('/user/:id', async ({ params }) =>
    shown('User', await one('user', [params.id, directory])),
  )
  app.get<{ Querystring: Query }>('/by-user-name', async ({ query }) =>
    list(await run('byUserName', [directory, query['is']!.toLowerCase()])),
  )
  app.get<{ Querystring: Query }>('/by-external-id', async ({ query }) =>
    list(await run('byExternalId', [directory, query['is']])),
  )
  app.get<{ Querystring: Query }>('/page', async ({ query }) => {
    const start = Number(query['start'])
    return list(await run('page', [directory, start - 1, 100]), start)
  })
  app.get<{ Querystring: Query }>('/by-family-name', async ({ query }) =>
    list(await run('byFamilyName', [directory, `%${query['holds']!.toLowerCase()}%`])),
  )
  app.post<{ Body: Record<string, unknown> & { userName: string } }>('/user', async ({ body }, reply) => {
    const { schemas: _, ...kept } = body
    const values = [randomUUID(), directory, body.userName, body.userName.toLowerCase(), body['externalId']]
    const display = String(body['displayName']).toLowerCase()
    reply.code(201)
    return shown('User', await one('insertUser', [...values, display, [body.userName], JSON.stringify(kept)]))
  })
  app.patch<{ Params: Params; Body: { readonly active: boolean } }>('/user/:id', async ({ params, body }) =>
    shown('User', await one('setActive', [params.id, directory, body.active])),
  )
  app.put<{ Params: Params & { user: string } }>('/member/:id/:user', async ({ params }, reply) => {
    await run('addMember', [params.id, params.user])
    return reply.code(204).send()
  })
  app.delete<{ Params: Params & { user: string } }>('/member/:id/:user', async ({ params }, reply) => {
    await run('removeMember', [params.id, params.user])
    return reply.code(204).send()
  })
  app.put<{ Params: Params & { user: string } }>('/member-shown/:id/:user', async ({ params }) =>
    shown('Group', await one('addMemberShown', [params.id, params.user])),
  )
  app.delete<{ Params: Params & { user: string } }>('/member-shown/:id/:user', async ({ params }) =>
    shown('Group', await one('removeMemberShown', [params.id, params.user])),
  )
  app.get<{ Params: Params }>('/group/:id', async ({ params }) =>
    shown('Group', await one('group', [params.id, directory])),
  )
  app.get<{ Params: Params }>('/group-with-members/:id', async ({ params }) =>
    shown('Group', await one('groupWithMembers', [params.id, directory])),
  )

  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    port: Number(new URL(address).port),
    close: async () => {
      await app.close()
      await pool.end()
    },
  }
}

serveParent(open)
