import assert from 'node:assert/strict'
import { after, describe, it, type TestContext } from 'node:test'
import {
  csvHeader,
  csvLine,
  inventoryColumns,
  type InventoryRow,
  toRow,
} from '../../src/operations/inventory/inventory.ts'
import type { AnyVendor } from '../../src/vendors/contract.ts'
import { crowdstrike } from '../../src/vendors/crowdstrike/index.ts'
import { startCrowdstrike } from '../../src/simulators/crowdstrike/index.ts'
import { sentinelone } from '../../src/vendors/sentinelone/index.ts'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { sentry } from '../../src/vendors/sentry/index.ts'
import { startSentry } from '../../src/simulators/sentry/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { sisense } from '../../src/vendors/sisense/index.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import { openKit, openTarget } from '../contract/target.ts'
import { aUser, startTestGateway, until } from '../support/gateway.ts'
import type { ApiProfile } from '../../src/model/account.ts'
import { decidePlans, listPlans } from '../../src/operations/plans/store.ts'

const dayMs = 24 * 60 * 60_000
const daysAgo = (days: number): string => new Date(Date.now() - days * dayMs - 60_000).toISOString()

describe('an inventory', () => {
  it('tells who has what with the vendor’s facts, marks orphans, and turns the dormant into plans that hold them', async (t) => {
    const simulator = await startSentinelone({ profile: 'current' })
    t.after(() => simulator.close())
    const policy = {
      default: { role: 'Viewer' },
      deprovision: { inactive: ['remove'], deleted: ['remove'], graceDays: 0 },
    } as const
    const { scim, gateway } = await startTestGateway(t, {
      connections: [{ name: 'console', simulator, policy }],
    })
    const { connections, directories, inventories, store } = gateway
    const connectionId = connections.ofDirectory(directories[0]!.id)[0]!.id
    for (const name of ['ada', 'bob']) assert.equal((await scim('POST', '/Users', aUser(name))).status, 201)
    const { users } = simulator.state
    const at = (name: string) => [...users.values()].find(({ email }) => email === `${name}@example.com`)
    Object.assign(at('ada')!, { lastLogin: daysAgo(100), firstLogin: daysAgo(200), emailVerified: true })
    Object.assign(at('bob')!, { lastLogin: daysAgo(3), firstLogin: daysAgo(200), emailVerified: true })
    users.set('8001', {
      ...at('bob')!,
      id: '8001',
      email: 'stranger@example.com',
      fullName: '=HYPERLINK("x")',
      lastLogin: daysAgo(400),
    })
    const read = async (options: object): Promise<readonly InventoryRow[]> => {
      const rows: InventoryRow[] = []
      for await (const row of inventories.inventory(connectionId, options)) rows.push(row)
      return rows
    }

    const all = await read({ live: true })
    const ada = all.find(({ login }) => login === 'ada@example.com')!
    assert.deepEqual(
      [ada.standing, ada.userName, ada.state, ada.dormantDays, ada.seat, ada.entitlements?.length],
      ['linked', 'ada@example.com', 'active', 100, true, 1],
    )
    assert.match(ada.entitlements?.[0] ?? '', /^role Viewer/)
    assert.match(ada.entitlementKeys?.[0] ?? '', /^role:\d+/)
    assert.equal(
      Object.keys(ada).every((key) => inventoryColumns.some((column) => column === key)),
      true,
    )
    const [orphan] = (await read({ orphans: true })).filter(({ login }) => login.startsWith('stranger'))
    assert.equal(orphan?.standing, 'orphan')
    assert.deepEqual((await read({ dormantDays: 90 })).map(({ login }) => login).sort(), [
      'ada@example.com',
      'stranger@example.com',
    ])
    assert.equal(csvHeader.split(',').length, inventoryColumns.length)
    assert.match(csvLine(orphan!), /,"'=HYPERLINK\(""x""\)",/)

    const { batch, proposed } = await inventories.propose(connectionId, 90)
    assert.equal(proposed, 1)
    const [plan] = await listPlans(store.db, connectionId, { batch, limit: 10 })
    assert.deepEqual([plan?.reason, plan?.state, plan?.userName], ['hold', 'waiting', 'ada@example.com'])
    assert.notEqual(at('ada'), undefined)
    assert.equal(
      await decidePlans(store.db, connectionId, { batch }, 'approved', { actor: 'operator:eve' }),
      1,
    )
    await until('the shut-out', () => at('ada') === undefined)
    assert.notEqual(at('bob'), undefined)
  })
})

describe('an inventory row', () => {
  const kit = openKit()
  after(() => kit.dispatcher.close())

  const told: readonly (readonly [
    vendor: AnyVendor,
    profile: ApiProfile,
    start: () => Promise<VendorSimulator>,
  ])[] = [
    [crowdstrike, 'current', () => startCrowdstrike({ profile: 'current' })],
    [crowdstrike, 'guide', () => startCrowdstrike({ profile: 'guide' })],
    [sisense, 'current', () => startSisense({ profile: 'current' })],
    [sentinelone, 'guide', () => startSentinelone({ profile: 'guide' })],
  ]
  const rowAt = async (t: TestContext, [vendor, profile, start]: (typeof told)[number]) => {
    const simulator = await start()
    t.after(() => simulator.close())
    const target = openTarget(vendor, simulator, profile, kit)
    const login = 'ada@corp.example'
    const profileOf = {
      email: login,
      userName: login,
      displayName: 'Ada L',
      givenName: 'Ada',
      familyName: 'L',
    }
    const role = (await target.catalogue()).find(
      ({ kind, home, scope }) => kind === 'role' && (home || !scope),
    )!
    const { kind, id, scope } = role
    const entitlements =
      target.capabilities.entitlements.role?.assigned === 'on-create'
        ? [{ kind, id, ...(scope && { scope }) }]
        : []
    await target.create({ login, profile: profileOf, entitlements })
    for await (const account of target.list()) {
      if (account.login !== login) continue
      return toRow({ account, seenAt: daysAgo(0) }, { name: 'one', vendor: vendor.id }, Date.now())
    }
    return assert.fail('not listed')
  }

  for (const each of told) {
    it(`[R3-13, R0-17] tells when ${each[0].name} (${each[1]}) last saw a change`, async (t) => {
      const { updatedAt, createdAt } = await rowAt(t, each)
      assert.ok(Date.parse(updatedAt ?? '') >= Date.parse(createdAt ?? ''), `${updatedAt} ${createdAt}`)
    })
  }

  it('[R4-12] tells who sent an invitation of Sentry, when, and by its flags who manages the account', async (t) => {
    const row = await rowAt(t, [sentry, 'current', () => startSentry({ profile: 'current' })])
    assert.deepEqual(
      [row.invitation, row.invitedDays, row.source, row.managedBy],
      ['pending', 0, 'local', undefined],
    )
    assert.ok(row.invitedBy, 'the inviter is named')
    assert.match(row.createdAt ?? '', /^\d{4}-/)
    const cells = csvLine(row).split(',')
    assert.equal(cells[inventoryColumns.indexOf('invitedBy')], row.invitedBy)
  })
})
