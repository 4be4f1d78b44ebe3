import type { AnyVendor } from './contract.ts'
import { cloudflare } from './cloudflare/index.ts'
import { crowdstrike } from './crowdstrike/index.ts'
import { datadog } from './datadog/index.ts'
import { metabase } from './metabase/index.ts'
import { sentinelone } from './sentinelone/index.ts'
import { sentry } from './sentry/index.ts'
import { sisense } from './sisense/index.ts'

/** Every vendor that the gateway can provision. A new one is one folder and one line here. */
export const vendors: readonly AnyVendor[] = [
  cloudflare,
  crowdstrike,
  datadog,
  metabase,
  sentinelone,
  sentry,
  sisense,
]

const byId = new Map(vendors.map((vendor) => [vendor.id, vendor]))

export function vendorOf(id: string): AnyVendor | undefined {
  return byId.get(id)
}
