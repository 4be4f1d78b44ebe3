import { Type } from 'typebox'
import { route, type Route } from '../../admin/route.ts'
import { closed, event, eventsQuery, listOf, pageOf } from '../../admin/shapes.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { GatewayError } from '../../model/errors.ts'
import type { AuditKeys } from './keys.ts'
import { adopt, erase, events, page, seal } from './store.ts'
import { verifyAudit } from './verify.ts'

const hash = Type.String({ pattern: '^[0-9a-f]{64}$' })
const position = Type.Integer({ minimum: 0 })
const chainName = Type.Union([Type.String(), Type.Null()], {
  description: 'Name of a directory; null for the gateway’s own chain.',
})

const inChain = Type.Object({ ...event, position: Type.Optional(position), hash: Type.Optional(hash) })

const verified = Type.Object({
  ok: Type.Boolean(),
  chains: Type.Array(
    Type.Object({
      directory: chainName,
      events: Type.Integer(),
      from: position,
      head: Type.Object({ position, hash }),
      unsealed: Type.Object({ count: Type.Integer(), oldestSeconds: Type.Integer() }),
      keyed: Type.Boolean(),
      faults: Type.Array(
        Type.Object({ directory: chainName, position, kind: Type.String(), detail: Type.String() }),
      ),
    }),
  ),
})

const mostAtOnce = 10_000

/** The audit: newest first; export in the order of writing; verification; erasure. */
export function auditRoutes(db: Sql, keys: AuditKeys): readonly Route[] {
  return [
    route({
      id: 'listEvents',
      method: 'GET',
      path: '/events',
      tag: 'events',
      role: 'viewer',
      summary: 'The audit, newest first.',
      query: closed({
        ...eventsQuery,
        actor: Type.Optional(Type.String()),
        action: Type.Optional(Type.String()),
        resourceId: Type.Optional(Type.String()),
      }),
      answer: listOf(Type.Object(event)),
      run: async ({ query }) => pageOf(await events(db, { ...query, limit: query.limit + 1 }), query.limit),
    }),
    route({
      id: 'exportAudit',
      method: 'GET',
      path: '/audit',
      tag: 'audit',
      role: 'viewer',
      summary: 'The audit in the order of writing, with the place and hash of what is sealed.',
      query: closed(eventsQuery),
      answer: listOf(inChain),
      run: async ({ query: { after = '0', limit, ...period } }) =>
        pageOf(await page(db, period, after, limit + 1), limit),
    }),
    route({
      id: 'verifyAudit',
      method: 'POST',
      path: '/audit/verify',
      tag: 'audit',
      role: 'viewer',
      summary: 'Recomputes every chain and names what was edited, removed, reordered, blanked or cut off.',
      body: closed({
        heads: Type.Optional(
          Type.Array(closed({ directory: chainName, position, hash }), { maxItems: 1_000 }),
        ),
      }),
      answer: verified,
      run: async ({ body }) => {
        while ((await seal(db, mostAtOnce, keys)).length > 0);
        const chains = await verifyAudit(db, body.heads, undefined, keys)
        return { ok: chains.every(({ faults }) => faults.length === 0), chains } as never
      },
    }),
    route({
      id: 'adoptAudit',
      method: 'POST',
      path: '/audit/adopt',
      tag: 'audit',
      role: 'admin',
      summary:
        'Vouches with the master key for all chains as they are: once for events that were sealed without a key, and before a key is taken away.',
      answer: Type.Object({
        chains: Type.Array(Type.Object({ directory: chainName, position, hash })),
      }),
      async run({ actor }) {
        if (!keys.held)
          throw new GatewayError(
            'MASTER_KEY_MISSING',
            'nothing can vouch for the audit without DRAWBRIDGE_MASTER_KEY: set it and start again',
          )
        while ((await seal(db, mostAtOnce, keys)).length > 0);
        const heads = await adopt(db, keys, actor)
        return {
          chains: heads.map((head) => ({
            directory: head.directory,
            position: head.position,
            hash: head.hash,
          })),
        } as never
      },
    }),
    route({
      id: 'eraseAudit',
      method: 'POST',
      path: '/audit/erase',
      tag: 'audit',
      role: 'admin',
      summary: 'Blanks the payloads of all events about a User; their digests stay, and so does the chain.',
      body: closed({ directory: Type.String(), userName: Type.String({ minLength: 1 }) }),
      answer: Type.Object({ events: Type.Integer() }),
      run: async ({ body, actor }) => ({
        events: await erase(db, body.directory, body.userName, actor, keys),
      }),
    }),
  ]
}
