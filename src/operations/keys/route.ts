import { Type } from 'typebox'
import { route, type Route } from '../../admin/route.ts'
import { closed, listOf } from '../../admin/shapes.ts'
import type { Change } from '../../model/operator.ts'
import type { AuditKeys } from '../audit/keys.ts'
import { adopt, seal } from '../audit/store.ts'
import { verifyAudit } from '../audit/verify.ts'
import type { Keyring } from '../../secrets/keyring.ts'
import { keysOfProcesses } from '../../store/processes/processes.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { keysInUse, rotateKeys } from './store.ts'

interface Deps {
  readonly db: Sql
  readonly keyring: Keyring
  readonly auditKeys: AuditKeys
}

export function keyRoutes({ db, keyring, auditKeys }: Deps): readonly Route[] {
  const key = Type.Object({
    id: Type.String(),
    held: Type.Boolean(),
    seals: Type.Boolean(),
    connections: Type.Integer(),
    processesWithout: Type.Integer(),
  })
  return [
    route({
      id: 'listKeys',
      method: 'GET',
      path: '/keys',
      tag: 'keys',
      role: 'admin',
      summary:
        'Ids of the master keys that this process holds or that are in use: how many connections are sealed with each, how many processes lack it.',
      answer: listOf(key),
      run: async () => ({ items: [...(await keys(db, keyring))] }),
    }),
    route({
      id: 'rotateKeys',
      method: 'POST',
      path: '/keys/rotate',
      tag: 'keys',
      role: 'admin',
      summary:
        'Seals all stored credentials with the first master key; gateways keep running. Refused while a running process lacks it.',
      query: closed({
        force: Type.Boolean({
          default: false,
          description: 'Rotate even if a running process lacks the key and could not start again.',
        }),
      }),
      answer: Type.Object({
        connections: Type.Integer(),
        audit: Type.Boolean({ description: 'The new key vouches for the audit, too: it has no faults.' }),
      }),
      async run({ query, actor }) {
        const connections = await rotateKeys(db, keyring, actor, { force: query.force })
        return { connections, audit: await rotateAudit(db, auditKeys, actor) }
      },
    }),
  ]
}

/** What the keys so far vouch for the first one vouches for from now on, so that they may go; what has faults is left as it is. */
async function rotateAudit(db: Sql, auditKeys: AuditKeys, actor: Change): Promise<boolean> {
  if (!auditKeys.held) return false
  while ((await seal(db, 10_000, auditKeys)).length > 0);
  const chains = await verifyAudit(db, [], undefined, auditKeys)
  if (chains.some(({ faults }) => faults.length > 0)) return false
  await adopt(db, auditKeys, actor)
  return true
}

/** Master keys that this process holds or that are in use. */
async function keys(db: Sql, keyring: Keyring) {
  const used = new Map((await keysInUse(db)).map(({ key, connections }) => [key, connections]))
  const processes = await keysOfProcesses(db)
  const all = new Set([...keyring.ids, ...used.keys()])
  return [...all].map((id) => ({
    id,
    /** This process can open what is sealed with it. */
    held: keyring.ids.includes(id),
    /** What is sealed from now on is sealed with it. */
    seals: keyring.ids[0] === id,
    connections: used.get(id) ?? 0,
    /** Processes that live and do not hold it. */
    processesWithout: processes.filter((ids) => !ids.includes(id)).length,
  }))
}
