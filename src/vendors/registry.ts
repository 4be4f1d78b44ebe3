import type { AnyVendor } from './contract.ts'
import { crowdstrike } from './crowdstrike/index.ts'
import { sentry } from './sentry/index.ts'

/** Every vendor that the gateway can provision. A new one is one folder and one line here. */
export const vendors: readonly AnyVendor[] = [crowdstrike, sentry]

const byId = new Map(vendors.map((vendor) => [vendor.id, vendor]))

export function vendorOf(id: string): AnyVendor | undefined {
  return byId.get(id)
}
