import { tolerant } from '../vendors/kit/tolerant.ts'
import { VendorError } from '../model/errors.ts'
import type { ConnectionConfig } from '../model/configuration.ts'
import type { ConnectionStore } from '../model/work.ts'
import { targetOf } from '../provisioning/api-profile.ts'
import type { AnyVendor, DoctorFinding, Target } from '../vendors/contract.ts'
import type { Kit } from '../vendors/kit/kit.ts'
import type { ApiProfile } from '../model/account.ts'

/** A connection as the doctor works with it: opened, whether or not its API profile could be told. */
export interface Opened {
  readonly target: Target
  readonly profile: ApiProfile
  readonly finding: DoctorFinding
}

/** What the API profile that was found out is kept in; the ids of its methods mean nothing here. */
export type Memory = Pick<ConnectionStore, 'profile' | 'keepProfile'>

const forgetful: Memory = { profile: async () => undefined, keepProfile: async () => undefined }

/** Opens a connection in the API profile that the gateway would use. Without a memory the vendor is asked anew. */
export async function open(
  { apiProfile, settings, credentials }: ConnectionConfig,
  vendor: AnyVendor,
  kit: Kit,
  memory: Memory = forgetful,
): Promise<Opened> {
  const since = apiProfile === 'auto' ? (await memory.profile(vendor.id))?.at : undefined
  const connect = (profile: ApiProfile): Opened => {
    // Both were checked against the vendor's own schemas when the configuration was read.
    const connected = vendor.connect(
      { settings: settings as never, credentials: credentials as never, profile },
      kit,
    )
    const target = tolerant(connected, vendor.id)
    const found = since === undefined ? 'found by asking' : `found ${since} and kept; --reprobe asks again`
    const how = apiProfile === 'auto' ? found : 'as configured'
    return { target, profile, finding: { check: 'profile', state: 'ok', detail: `${profile}, ${how}` } }
  }
  let opened: Opened | undefined
  try {
    await targetOf({ id: vendor.id, vendor, apiProfile }, memory, (profile) => {
      opened = connect(profile)
      return opened.target
    })
    return opened ?? connect(vendor.profiles[0])
  } catch (error) {
    if (!(error instanceof VendorError)) throw error
    const first = connect(vendor.profiles[0])
    // Credentials that are refused are told by a finding of their own.
    const state = error.failure === 'unexpected' ? 'failed' : 'unknown'
    const detail = `could not be told, taken for ${first.profile}: ${error.detail}`
    return { ...first, finding: { check: 'profile', state, detail } }
  }
}
