import { Type } from 'typebox'
import { route, type Route } from '../../admin/route.ts'
import { closed, listOf } from '../../admin/shapes.ts'
import type { Keyring } from '../../secrets/keyring.ts'
import { keysOfProcesses } from '../../store/processes/processes.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { keysInUse, rotateKeys } from './store.ts'

interface Deps {
  readonly db: Sql
  readonly keyring: Keyring
}

export function keyRoutes({ db, keyring }: Deps): readonly Route[] {
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
      answer: Type.Object({ connections: Type.Integer() }),
      run: async ({ query, actor }) => ({
        connections: await rotateKeys(db, keyring, actor, { force: query.force }),
      }),
    }),
  ]
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
