import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Target } from '../../src/vendors/contract.ts'
import { vendors } from '../../src/vendors/registry.ts'
import { simulators } from '../../src/simulators/registry.ts'
import type { SimulatorOptions, VendorSimulator } from '../../src/simulators/simulator.ts'
import { callsSince, openKit, openTarget } from './target.ts'
import type { Account, ApiProfile, Entitlement, EntitlementRef } from '../../src/model/account.ts'

/*
 * Each vendor's page has a table of what an operation costs in calls, with token, tenant and catalogue known. More than it
 * says is a defect of the connector; less is one of the page.
 */

interface Stage {
  readonly target: Target
  readonly simulator: VendorSimulator
  /** Makes somebody who is not counted. */
  readonly somebody: () => Promise<Account>
  readonly role: (at: number) => EntitlementRef
  readonly group: () => EntitlementRef
}

type Act = (stage: Stage) => Promise<(() => Promise<unknown>) | undefined>

let number = 0

function draft(stage: Stage, ...entitlements: readonly EntitlementRef[]) {
  number += 1
  const login = `person${number}@corp.example`
  const profile = { userName: login, email: login, givenName: 'Ada', familyName: 'L', displayName: 'Ada L' }
  const { role, group } = stage.target.capabilities.entitlements
  return { login, profile, entitlements: (role ?? group)?.assigned === 'on-create' ? entitlements : [] }
}

/** What a page's table may name; each gives what is counted, or nothing where the profile cannot do it. */
const operations: Readonly<Record<string, Act>> = {
  'create with its role': async (stage) => async () => {
    const wanted = draft(stage, stage.role(0))
    const { account } = await stage.target.create(wanted)
    if (wanted.entitlements.length > 0) return
    await stage.target.changeEntitlements(account!.id, { assign: [stage.role(0)], revoke: [] })
  },
  'read an account': async (stage) => {
    const { id } = await stage.somebody()
    return () => stage.target.get(id)
  },
  'find by login': async (stage) => {
    const { login } = await stage.somebody()
    const [attribute] = stage.target.capabilities.correlateBy
    return () => stage.target.find(attribute, login)
  },
  'change a name': async (stage) => {
    const { attributes } = stage.target.capabilities
    const { id } = await stage.somebody()
    if (attributes.displayName?.mutability === 'readWrite')
      return () => stage.target.update(id, { displayName: 'Ada B' })
    if (attributes.givenName?.mutability !== 'readWrite') return undefined
    return () => stage.target.update(id, { givenName: 'Eva', familyName: 'L' })
  },
  'change the role': async (stage) => {
    const { id } = await stage.somebody()
    return () => stage.target.changeEntitlements(id, { assign: [stage.role(1)], revoke: [] })
  },
  'join a group': async (stage) => {
    if (!stage.target.capabilities.entitlements.group) return undefined
    const { id } = await stage.somebody()
    return () => stage.target.changeEntitlements(id, { assign: [stage.group()], revoke: [] })
  },
  'make a group': async ({ target: { createGroup } }) =>
    createGroup && (() => createGroup(`Made ${(number += 1)}`)),
  'rename a group': async ({ target: { createGroup, renameGroup } }) => {
    if (!createGroup || !renameGroup) return undefined
    const { group } = await createGroup(`Named ${(number += 1)}`)
    return () => renameGroup(group!.id, `Renamed ${number}`)
  },
  'remove a group': async ({ target: { createGroup, removeGroup } }) => {
    if (!createGroup || !removeGroup) return undefined
    const { group } = await createGroup(`Gone ${(number += 1)}`)
    return () => removeGroup(group!.id)
  },
  'switch off': async (stage) => {
    const { setActive, capabilities } = stage.target
    if (!setActive || !capabilities.account.disable) return undefined
    const { id } = await stage.somebody()
    return () => setActive(id, false)
  },
  'end tokens and sessions': async (stage) => {
    const { endSessions } = stage.target
    if (!endSessions) return undefined
    const { id } = await stage.somebody()
    return () => endSessions(id)
  },
  remove: async (stage) => {
    if (!stage.target.remove) return undefined
    const account = await stage.somebody()
    return () => stage.target.remove!(account.id, account)
  },
  'list 250 accounts': async (stage) => {
    for (let left = 250 - stage.simulator.people().length; left > 0; left -= 1) await stage.somebody()
    return async () => {
      for await (const _ of stage.target.list());
    }
  },
}

async function stageOf(
  vendor: (typeof vendors)[number],
  profile: ApiProfile,
  simulator: VendorSimulator,
): Promise<Stage> {
  const target = openTarget(vendor, simulator, profile, kit)
  await target.test()
  await target.tenant()
  await target.self()
  const catalogue = await target.catalogue()
  const refOf = ({ kind, id, scope }: Entitlement): EntitlementRef => ({
    kind,
    id,
    ...(scope ? { scope } : {}),
  })
  const kindOfRoles = catalogue.some(({ kind }) => kind === 'role') ? 'role' : 'group'
  const roles = catalogue.filter(
    ({ kind, scope, home, id }) =>
      kind === kindOfRoles && !['billing', 'owner'].includes(id) && (scope === undefined || home === true),
  )
  const usual = roles.find(({ privileged }) => !privileged)!
  const another = roles.find(({ id }) => id !== usual.id)!
  const stage: Stage = {
    target,
    simulator,
    role: (at) => refOf(at === 0 ? usual : another),
    group: () => refOf(catalogue.find(({ kind }) => kind === 'group')!),
    async somebody() {
      const wanted = draft(stage, stage.role(0))
      const { account } = await target.create(wanted)
      return account!
    },
  }
  return stage
}

const noPace = {
  turn: async () => () => undefined,
  pause: () => undefined,
  priority: () => 2,
  connection: () => ({ during: <T>(_: number, work: () => Promise<T>) => work(), pause: () => undefined }),
}

/** The table under "Calls" of a vendor's page: figures by operation, then by profile; `–` where it cannot be done. */
function tableOf(vendor: string): ReadonlyMap<string, ReadonlyMap<string, number | undefined>> {
  const page = readFileSync(
    fileURLToPath(new URL(`../../docs/vendors/${vendor}.md`, import.meta.url)),
    'utf8',
  )
  const [, section = ''] = page.split(/^## Calls$/m)
  const rows = section
    .split(/^## /m)[0]!
    .split('\n')
    .filter((line) => line.startsWith('|'))
  const cells = rows.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  const [head = [], , ...body] = cells
  return new Map(
    body.map(([operation = '', ...figures]) => [
      operation,
      new Map(
        figures.map((cell, at) => [
          head[at + 1]!.replaceAll('`', ''),
          cell === '–' ? undefined : Number(cell),
        ]),
      ),
    ]),
  )
}

// Counting needs no pace.
const kit = openKit({ pacing: noPace })
after(() => kit.dispatcher.close())

for (const vendor of vendors) {
  const table = tableOf(vendor.id)
  describe(`calls of ${vendor.name}`, () => {
    it('[M-16] have a table with every operation and every profile', () => {
      assert.deepEqual([...table.keys()], Object.keys(operations))
      for (const figures of table.values()) assert.deepEqual([...figures.keys()], [...vendor.profiles])
    })
  })

  for (const profile of vendor.profiles) {
    describe(`calls of ${vendor.name} in profile ${profile}`, () => {
      let simulator: VendorSimulator
      let stage: Stage
      before(async () => {
        const start = await simulators[vendor.id]!()
        simulator = await start({ profile } as SimulatorOptions)
        stage = await stageOf(vendor, profile, simulator)
      })
      after(() => simulator.close())

      for (const [operation, act] of Object.entries(operations)) {
        it(`[M-16] ${operation}: as many as the page says`, async () => {
          const counted = await act(stage)
          const from = simulator.trace.length
          await counted?.()
          const calls = callsSince(simulator, from)
          assert.equal(counted && calls.length, table.get(operation)?.get(profile), calls.join('\n'))
        })
      }
    })
  }
}
