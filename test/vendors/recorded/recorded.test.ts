import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { type ApiProfile, entitlementKey } from '../../../src/model/account.ts'
import { simulators } from '../../../src/simulators/registry.ts'
import type { SimulatorOptions } from '../../../src/simulators/simulator.ts'
import { tolerant } from '../../../src/vendors/kit/tolerant.ts'
import { vendorOf } from '../../../src/vendors/registry.ts'
import { openKit, openTarget } from '../../contract/target.ts'

/*
 * Answers in the form in which the vendors' own specifications and clients have them, fields that nobody reads included. Each file
 * says where its form is from, and when that was read; the data are our own.
 */

interface Recorded {
  readonly vendor: string
  readonly profile: ApiProfile
  /** Where the form of the answers is public. */
  readonly source: string
  /** When it was read there. */
  readonly read: string
  readonly answers: readonly {
    readonly method: string
    readonly path: string
    readonly body: unknown
    readonly times?: number
  }[]
  /** What the listing must show, at least. */
  readonly listed: readonly Readonly<Record<string, unknown>>[]
  /** Whom to read, and what they must hold, exactly. */
  readonly 'read one': { readonly id: string; readonly holds: readonly string[] }
}

const folder = new URL('.', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))

describe('answers as the vendors publish them', () => {
  it('are there for every vendor with a connector of its own', () => {
    const names = files.map((name) => name.replace('.json', ''))
    assert.deepEqual(names.toSorted(), ['crowdstrike', 'sentinelone', 'sentry', 'sisense'])
  })

  for (const file of files) {
    const recorded = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Recorded
    const { vendor, profile, source, read, answers, listed, 'read one': one } = recorded

    it(`are read whole: ${vendor} (${profile}), ${source}, ${read}`, async (t) => {
      const simulator = await (await simulators[vendor]!())({ profile } as SimulatorOptions)
      const deviations: string[] = []
      const kit = openKit({ deviated: ({ path, field }) => void deviations.push(`${path} ${field}`) })
      t.after(async () => {
        await simulator.close()
        await kit.dispatcher.close()
      })
      const target = tolerant(openTarget(vendorOf(vendor)!, simulator, profile, kit), vendor)
      // Whose tenant this is, and the names of roles, are the simulator's.
      await target.tenant()
      await target.catalogue()
      const answer = (): void => {
        simulator.clearFaults()
        for (const { times = 10, ...rest } of answers) simulator.failNext({ ...rest, status: 200, times })
      }
      answer()
      let setAside = 0
      const found = []
      for await (const account of target.list(() => void setAside++)) found.push(account)
      assert.equal(found.length, listed.length)
      for (const [at, expected] of listed.entries()) assert.partialDeepStrictEqual(found[at], expected)
      answer()
      const account = await target.get(one.id)
      const held = account!.entitlements.map(
        (each) => `${entitlementKey(each)}${each.inherited ? ' inherited' : ''}`,
      )
      assert.deepEqual(held.toSorted(), one.holds)
      assert.deepEqual([setAside, deviations], [0, []])
    })
  }
})
