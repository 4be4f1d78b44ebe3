import { failures, VendorError } from '../errors.ts'
import type { AnyVendor, ApiProfile, Target } from '../vendors/contract.ts'
import type { ConnectionStore } from './ports.ts'

interface Question {
  readonly id: string
  readonly vendor: AnyVendor
  readonly apiProfile: 'auto' | ApiProfile
}

type Connect = (profile: ApiProfile) => Target

const notSpoken: readonly (number | undefined)[] = [404, 405]

/**
 * The target in the API profile that the configuration names, that was found before, or that the tenant speaks: the first
 * whose probe says so. Nothing is kept, and so nothing is written, while the vendor does not tell.
 */
export async function targetOf(
  { id, vendor, apiProfile }: Question,
  store: Pick<ConnectionStore, 'profile' | 'keepProfile'>,
  connect: Connect,
): Promise<Target> {
  if (apiProfile !== 'auto') return connect(apiProfile)
  const kept = (await store.profile(id))?.profile
  if (kept && vendor.profiles.includes(kept)) return connect(kept)
  for (const profile of vendor.profiles) {
    const target = connect(profile)
    if (!target.probe) return target
    if (await isSpoken(target.probe, vendor)) {
      await store.keepProfile(id, profile)
      return target
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
