import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { VendorError } from '../../../src/model/errors.ts'
import { createGathering, type Send } from '../../../src/vendors/sisense/gathering.ts'
import type { Target } from '../../../src/vendors/contract.ts'
import { createPacing } from '../../../src/vendors/kit/pacing.ts'
import { sisense } from '../../../src/vendors/sisense/index.ts'
import { openKit, openTarget } from '../../contract/target.ts'
import { create, group, rejection, sisenseBench } from './harness.ts'
import type { Account } from '../../../src/model/account.ts'

describe('members of one Sisense group who change at the same moment', async () => {
  const { simulator, state, open, writes } = await sisenseBench('current')
  const groupId = (name: string) => state.group(name)._id
  const route = { method: 'POST', path: /^\/api\/groups\/[^/]+\/users$/ }

  async function people(target: Target, count: number): Promise<readonly Account[]> {
    const made: Account[] = []
    for (let at = 0; at < count; at += 1) made.push(await create(target, `p${at}@corp.example`))
    return made
  }
  const join = (target: Target, { id }: Account, name = 'Finance') =>
    target.changeEntitlements(id, { assign: [group(groupId(name))], revoke: [] })
  const leave = (target: Target, { id }: Account, name = 'Finance') =>
    target.changeEntitlements(id, { assign: [], revoke: [group(groupId(name))] })
  const inside = (name = 'Finance') =>
    [...state.users.values()].filter(({ groups }) => groups.includes(groupId(name))).length
  const calls = (method: string) =>
    writes().filter((line) => line.startsWith(`${method} /api/groups/`)).length

  it('share calls: twenty cost two, the first alone and the others together', async () => {
    const target = open()
    const all = await people(target, 20)
    await Promise.all(all.map((each) => join(target, each)))
    assert.equal(inside(), 20)
    assert.equal(calls('POST'), 2)
    await Promise.all(all.map((each) => leave(target, each)))
    assert.equal(inside(), 0)
    assert.equal(calls('DELETE'), 2)
  })

  it('share none with another group, or with those who leave', async () => {
    const target = open()
    const [ada, bob, eve, joe] = await people(target, 4)
    await join(target, joe!)
    await Promise.all([join(target, ada!), join(target, bob!, 'Sales Team'), leave(target, joe!)])
    await join(target, eve!)
    assert.deepEqual([inside(), inside('Sales Team')], [2, 1])
    assert.deepEqual([calls('POST'), calls('DELETE')], [4, 1])
  })

  it('share none with work of another urgency', async () => {
    const pacing = createPacing()
    const kit = openKit({ pacing })
    const target = openTarget(sisense, simulator, 'current', kit)
    const all = await people(target, 4)
    const pace = pacing.connection()
    const urgent = (at: number) => pace.during(0, () => join(target, all[at]!))
    const idle = (at: number) => pace.during(3, () => join(target, all[at]!))
    await Promise.all([idle(0), idle(1), urgent(2), urgent(3)])
    await kit.dispatcher.close()
    assert.deepEqual([inside(), calls('POST')], [4, 4])
  })

  it('are told apart when the vendor refuses somebody: the others are in', async () => {
    const target = open()
    const all = await people(target, 5)
    const gone = all[3]!
    state.users.delete(gone.id)
    const results = await Promise.allSettled(all.map((each) => join(target, each)))
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    )
    const [, , , refused] = results
    assert.equal((refused as PromiseRejectedResult).reason.failure, 'not-found')
    assert.equal(inside(), 4)
  })

  it('are each told that the answer is lost, and nothing is sent twice', async () => {
    const target = open()
    const all = await people(target, 6)
    const first = simulator.hold(route)
    const joined = Promise.allSettled(all.map((each) => join(target, each)))
    await first.arrived
    simulator.loseAnswer(route)
    first.release()
    const [alone, ...together] = await joined
    assert.equal(alone?.status, 'fulfilled')
    for (const each of together) {
      const { reason } = each as PromiseRejectedResult
      assert.deepEqual([reason.failure, reason.certainlyNotDone], ['unavailable', false])
    }
    assert.deepEqual([calls('POST'), inside()], [2, 6])
  })

  it('are each told to wait when the vendor asks to slow down', async () => {
    const target = open()
    const all = await people(target, 4)
    simulator.failNext({ ...route, status: 429, headers: { 'retry-after': '7' }, times: 2 })
    for (const each of await Promise.allSettled(all.map((one) => join(target, one)))) {
      const { reason } = each as PromiseRejectedResult
      assert.deepEqual([reason.failure, reason.retryAfterMs], ['rate-limited', 7_000])
    }
    assert.deepEqual([calls('POST'), inside()], [2, 0])
  })

  it('an id that is none of Sisense’s fails alone, before any call', async () => {
    const target = open()
    const [ada] = await people(target, 1)
    const bad = target.changeEntitlements('nobody', { assign: [group(groupId('Finance'))], revoke: [] })
    const [error] = await Promise.all([rejection(bad), join(target, ada!)])
    assert.equal(error.failure, 'invalid')
    assert.deepEqual([calls('POST'), inside()], [1, 1])
  })
})

describe('a gathering', () => {
  const sent: string[][] = []
  const never: Send = (users) => {
    sent.push([...users])
    return new Promise(() => undefined)
  }

  it('waits for the call ahead no longer than a lease allows', async () => {
    const longestMs = 30
    const gathered = createGathering(longestMs)
    sent.length = 0
    void gathered('key', 'ada', never)
    void gathered('key', 'bob', never)
    void gathered('key', 'eve', never)
    assert.deepEqual(sent, [['ada']])
    await delay(2 * longestMs)
    assert.deepEqual(sent, [['ada'], ['bob', 'eve']])
  })

  it('asks for nobody again after a refusal that took longer than a lease allows, and the next time for each alone', async () => {
    const gathered = createGathering(10)
    sent.length = 0
    const slow: Send = async (users) => {
      sent.push([...users])
      if (users.length === 1) return
      await delay(60)
      throw new VendorError('not-found', 'no such user', {
        vendor: 'sisense',
        operation: 'changeEntitlements',
      })
    }
    const ask = (...users: string[]) => Promise.allSettled(users.map((user) => gathered('key', user, slow)))
    const [first, ...late] = await ask('ada', 'bob', 'eve')
    assert.equal(first?.status, 'fulfilled')
    for (const each of late) {
      const { reason } = each as PromiseRejectedResult
      assert.deepEqual([reason.failure, reason.certainlyNotDone], ['unavailable', true])
    }
    assert.deepEqual(sent, [['ada'], ['bob', 'eve']])
    const again = await ask('bob', 'eve')
    assert.deepEqual(
      again.map(({ status }) => status),
      ['fulfilled', 'fulfilled'],
    )
    assert.deepEqual(sent.slice(2), [['bob'], ['eve']])
  })

  it('sends at most a hundred together', async () => {
    const gathered = createGathering()
    sent.length = 0
    const send: Send = async (users) => void sent.push([...users])
    await Promise.all(Array.from({ length: 250 }, (_, number) => gathered('key', `user ${number}`, send)))
    assert.deepEqual(
      sent.map(({ length }) => length),
      [1, 100, 100, 49],
    )
    assert.equal(new Set(sent.flat()).size, 250)
  })
})
