import { failures, VendorError } from '../model/errors.ts'
import type { AnyVendor, Target } from '../vendors/contract.ts'
import type { ConnectionStore } from '../model/work.ts'
import type { ApiProfile } from '../model/account.ts'
import type { Policy } from '../model/policy.ts'

interface Question {
  readonly id: string
  readonly vendor: AnyVendor
  readonly apiProfile: 'auto' | ApiProfile
}

interface Settled {
  readonly settings: Readonly<Record<string, unknown>>
  readonly policy: Policy
}

type Connect = (profile: ApiProfile) => Target

export interface Spoken {
  readonly profile: ApiProfile
  readonly target: Target
}

const notSpoken: readonly (number | undefined)[] = [404, 405]

/**
 * The target in the API profile that the configuration names, that was found before, or that the tenant speaks: the first
 * whose probe says so. Nothing is kept, and so nothing is written, while the vendor does not tell. `anew` believes nothing that was
 * found before: a vendor may withdraw the routes of a profile.
 */
export async function targetOf(
  { id, vendor, apiProfile }: Question,
  store: Pick<ConnectionStore, 'profile' | 'keepProfile'>,
  connect: Connect,
  anew = false,
): Promise<Spoken> {
  const as = (profile: ApiProfile): Spoken => ({ profile, target: connect(profile) })
  if (apiProfile !== 'auto') return as(apiProfile)
  const kept = (await store.profile(id))?.profile
  if (kept && !anew && vendor.profiles.includes(kept)) return as(kept)
  for (const profile of vendor.profiles) {
    const spoken = as(profile)
    const { probe } = spoken.target
    if (!probe) return spoken
    if (await isSpoken(probe, vendor)) {
      await store.keepProfile(id, profile)
      return spoken
    }
  }
  const detail = `no API profile of ${vendor.name} is spoken there (${vendor.profiles.join(', ')}): check its address and settings`
  throw new VendorError('unexpected', detail, { vendor: vendor.id, operation: 'probe' })
}

async function isSpoken(probe: () => Promise<boolean>, { id: vendor }: AnyVendor): Promise<boolean> {
  try {
    return await probe()
  } catch (error) {
    if (!(error instanceof VendorError)) throw error
    if (notSpoken.includes(error.status)) return false
    if (['park', 'backoff', 'when-told'].includes(failures[error.failure].next)) throw error
    // About no account: what would be final for one person only means that nobody knows yet.
    throw new VendorError('unexpected', error.detail, { ...error, vendor, operation: 'probe', cause: error })
  }
}

/** A path is not there: routes of this profile may be withdrawn. Never that somebody is gone, which is `not-found`. */
export const missesRoute = ({ failure, status = 0 }: VendorError): boolean =>
  failure === 'unexpected' && [404, 405, 410].includes(status)

/** The default steps of a shut-out try the off switch first in profile `guide`, also where the profile was found out. */
export function policyAs(
  { profile, target }: Spoken,
  { vendor, apiProfile, settings, policy }: Question & Settled,
): Policy {
  const { inactive } = policy.deprovision
  const usual = vendor.deprovisionFor?.(settings) ?? vendor.deprovision
  const isUsual = inactive.join() === usual.inactive.join() && !inactive.includes('disable')
  const switches = apiProfile === 'auto' && profile === 'guide' && target.capabilities.account.disable
  if (!switches || !isUsual) return policy
  return { ...policy, deprovision: { ...policy.deprovision, inactive: ['disable', ...inactive] } }
}
