import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Target } from '../../../src/vendors/contract.ts'
import { vendorOf } from '../../../src/vendors/registry.ts'
import { simulators } from '../../../src/simulators/registry.ts'
import type { SimulatorOptions, VendorSimulator } from '../../../src/simulators/simulator.ts'
import { openKit, openTarget } from '../../contract/target.ts'
import { vendorsOfGuides } from './guide.ts'
import type { ApiProfile, Entitlement, EntitlementRef } from '../../../src/model/account.ts'

const kit = openKit()
after(() => kit.dispatcher.close())

let number = 0

const refOf = ({ kind, id, scope }: Entitlement): EntitlementRef => ({
  kind,
  id,
  ...(scope ? { scope } : {}),
})

/** A role of the catalogue by its name, as a rule would name it; the guides look roles up before they give them. */
async function roleOf(target: Target, name: RegExp): Promise<EntitlementRef> {
  const found = (await target.catalogue()).find(
    (entry) => entry.kind === 'role' && name.test(entry.name) && entry.scope?.level !== 'team',
  )
  assert.ok(found, `no role ${name}`)
  return refOf(found)
}

async function provision(target: Target, role: EntitlementRef) {
  number += 1
  const login = `scenario${number}@corp.example`
  const profile = { userName: login, email: login, givenName: 'Ada', familyName: 'L', displayName: 'Ada L' }
  const separately = target.capabilities.entitlements.role?.assigned === 'separately'
  const { account } = await target.create({ login, profile, entitlements: separately ? [] : [role] })
  assert.ok(account)
  if (separately) await target.changeEntitlements(account.id, { assign: [role], revoke: [] })
  return { id: account.id, login }
}

const roles: Readonly<Record<string, { readonly first: RegExp; readonly other: RegExp }>> = {
  sentinelone: { first: /^Viewer$/, other: /^SOC$/ },
  sisense: { first: /^Viewer$/, other: /^Designer$/ },
  crowdstrike: { first: /^Event Viewer$/, other: /^Help Desk$/ },
  sentry: { first: /^Member$/i, other: /^Manager$/i },
}

const keysOf = (held: readonly EntitlementRef[]): readonly string[] => held.map(({ id }) => id)

for (const vendor of vendorsOfGuides) {
  for (const profile of ['current', 'guide'] as const satisfies readonly ApiProfile[]) {
    describe(`scenarios of the guide of ${vendor} in profile ${profile}`, () => {
      let simulator: VendorSimulator
      let target: Target
      before(async () => {
        const start = await simulators[vendor]!()
        simulator = await start({ profile } as SimulatorOptions)
        target = openTarget(vendorOf(vendor)!, simulator, profile, kit)
      })
      after(() => simulator.close())
      const { first, other } = roles[vendor]!

      it('[M-18] provision somebody with a role: the role is looked up, and a read confirms it', async () => {
        const role = await roleOf(target, first)
        const { id, login } = await provision(target, role)
        assert.ok(keysOf((await target.get(id))!.entitlements).includes(role.id))
        const [attribute] = target.capabilities.correlateBy
        assert.deepEqual(
          (await target.find(attribute, login.toUpperCase())).map((account) => account.id),
          [id],
        )
      })

      it('[M-18] promote somebody: effective at once, and what else was held stays', async () => {
        const { id } = await provision(target, await roleOf(target, first))
        const role = await roleOf(target, other)
        await target.changeEntitlements(id, { assign: [role], revoke: [] })
        assert.ok(keysOf((await target.get(id))!.entitlements).includes(role.id))
      })

      it('[M-18] a leaver: found by login, cut off, tokens ended, and a read as the proof', async () => {
        const { login } = await provision(target, await roleOf(target, first))
        const [attribute] = target.capabilities.correlateBy
        const [found] = await target.find(attribute, login)
        const switches = profile === 'guide' && target.setActive !== undefined
        if (switches) await target.setActive!(found!.id, false)
        else await target.remove!(found!.id)
        await target.endSessions?.(found!.id)
        const left = await target.get(found!.id)
        assert.equal(left?.state, switches ? 'disabled' : undefined)
      })

      it('[M-18] everybody and their roles: one list, each account readable, nobody twice', async () => {
        const people = await Promise.all(
          Array.from({ length: 3 }, async () => provision(target, await roleOf(target, first))),
        )
        const seen: string[] = []
        for await (const { id } of target.list()) seen.push(id)
        assert.equal(new Set(seen).size, seen.length)
        for (const { id } of people) {
          assert.ok(seen.includes(id))
          assert.ok((await target.get(id))!.entitlements.length > 0)
        }
      })
    })
  }
}
