import assert from 'node:assert/strict'
import { afterEach, it } from 'node:test'
import { routeOf } from '../../src/doctor/exchanges.ts'
import type { AnyVendor } from '../../src/vendors/contract.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import type { ApiProfile } from '../../src/model/account.ts'

interface Subject {
  readonly vendor: AnyVendor
  readonly profile: ApiProfile
}

/** Holds the vendor's list of routes, which the doctor shows, to what all the tests before it called. */
export function describeRoutes({ vendor, profile }: Subject, simulator: () => VendorSimulator): void {
  const routes = vendor.routes?.(profile)
  const called = new Map<string, { readonly method: string; readonly path: string }>()
  afterEach(() => {
    for (const { method, path } of simulator().trace) called.set(`${method} ${path}`, { method, path })
  })

  it('uses only the routes that it declares', routes ? {} : { skip: `${vendor.id} declares none` }, () => {
    const undeclared = [...called.values()].filter((call) => routeOf(routes ?? [], call) === undefined)
    assert.deepEqual(undeclared, [])
    assert.ok(called.size > 0)
  })
}
