import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { csvHeader, csvLine } from '../../src/provisioning/inventory/csv.ts'
import { inventoryColumns, type InventoryRow } from '../../src/provisioning/inventory/columns.ts'
import { startSentinelone } from '../../src/vendors/sentinelone/simulator/index.ts'
import { aUser, startTestGateway, until } from '../support/gateway.ts'

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
    const [plan] = await store.plans.list(connectionId, { batch, limit: 10 })
    assert.deepEqual([plan?.reason, plan?.state, plan?.userName], ['hold', 'waiting', 'ada@example.com'])
    assert.notEqual(at('ada'), undefined)
    assert.equal(await store.plans.decide(connectionId, { batch }, 'approved', 'operator:eve'), 1)
    await until('the shut-out', () => at('ada') === undefined)
    assert.notEqual(at('bob'), undefined)
  })
})
