import { GatewayError, VendorError } from '../errors.ts'
import type { Policy } from '../translators/model.ts'
import type { AnyVendor, ApiProfile, Capabilities, Entitlement, Target } from '../vendors/contract.ts'
import type { Kit } from '../vendors/kit/kit.ts'
import type { ConnectionStore } from './ports.ts'

/** What a connection is made of: stored facts and, from the configuration, its secrets. */
export interface ConnectionSpec {
  readonly id: string
  readonly name: string
  readonly directoryId: string
  readonly vendor: AnyVendor
  readonly apiProfile: 'auto' | ApiProfile
  readonly settings: Readonly<Record<string, unknown>>
  readonly credentials: Readonly<Record<string, string>>
  readonly policy: Policy
}

/** A connection that can be worked with; facts about its tenant are read once and kept. */
export interface LiveConnection extends Pick<ConnectionSpec, 'id' | 'name' | 'directoryId' | 'policy'> {
  readonly vendor: string
  readonly target: Target
  readonly can: Capabilities
  /** `<vendor>:<tenant id>`, confirmed against the store; `maxAgeMs` asks the vendor again when the last look is older. */
  tenant(maxAgeMs?: number): Promise<string>
  /** The gateway's own account at the vendor, if it has one. */
  self(): Promise<string | undefined>
  catalogue(options?: { readonly refresh: boolean }): Promise<readonly Entitlement[]>
}

const selfAgeMs = 10 * 60_000
const catalogueAgeMs = 60 * 60_000
/** A name that is still unknown is not asked for more often than this. */
const refreshAgeMs = 60_000

interface Kept<T> {
  readonly value: T
  readonly at: number
}

/** Keeps what a slow question answered; the same question asked meanwhile waits for the one answer. */
function kept<T>(now: () => number, ask: () => Promise<T>): (maxAgeMs: number) => Promise<T> {
  let last: Kept<T> | undefined
  let asking: Promise<T> | undefined
  return async (maxAgeMs) => {
    if (last && now() - last.at <= maxAgeMs) return last.value
    asking ??= ask()
      .then((value) => {
        last = { value, at: now() }
        return value
      })
      .finally(() => {
        asking = undefined
      })
    return asking
  }
}

export function openConnection(spec: ConnectionSpec, store: ConnectionStore, kit: Kit): LiveConnection {
  const profile = spec.apiProfile === 'auto' ? spec.vendor.profiles[0] : spec.apiProfile
  const { settings, credentials } = spec
  // Both were checked against the vendor's own schemas when the configuration was read.
  const target = spec.vendor.connect(
    { settings: settings as never, credentials: credentials as never, profile },
    kit,
  )

  const tenant = kept(kit.now, async () => {
    const id = `${spec.vendor.id}:${await target.tenant()}`
    await store.keepTenant(spec.id, id).catch((cause: unknown) => {
      if (!(cause instanceof GatewayError)) throw cause
      // Another tenant answers under this connection's settings: nothing may be written there.
      throw new VendorError('unauthenticated', cause.message, {
        vendor: spec.vendor.id,
        operation: 'tenant',
        cause,
      })
    })
    return id
  })
  const self = kept(kit.now, () => target.self())
  const fetched = kept(kit.now, () => fetchCatalogue(spec, target, store, kit.log))
  let stored: Promise<readonly Entitlement[] | undefined> | undefined

  return {
    id: spec.id,
    name: spec.name,
    directoryId: spec.directoryId,
    policy: spec.policy,
    vendor: spec.vendor.id,
    target,
    can: target.capabilities,
    tenant: (maxAgeMs = Number.POSITIVE_INFINITY) => tenant(maxAgeMs),
    self: () => self(selfAgeMs),
    async catalogue({ refresh } = { refresh: false }) {
      if (refresh) return fetched(refreshAgeMs)
      stored ??= store
        .catalogue(spec.id)
        .then((known) => (known && known.ageMs < catalogueAgeMs ? known.entries : undefined))
      return (await stored) ?? fetched(catalogueAgeMs)
    },
  }
}

async function fetchCatalogue(
  { id, name, vendor }: ConnectionSpec,
  target: Target,
  store: ConnectionStore,
  log: Kit['log'],
): Promise<readonly Entitlement[]> {
  const [entries, before] = await Promise.all([target.catalogue(), store.catalogue(id)])
  // A half-empty answer would look like a mass removal of roles; the old one stays until an operator has looked.
  if (before && entries.length * 2 < before.entries.length) {
    log.error({ connection: name, before: before.entries.length, now: entries.length }, 'catalogue refused')
    return before.entries
  }
  if (entries.length === 0) {
    throw new VendorError('unexpected', 'the vendor offers no role or group at all', {
      vendor: vendor.id,
      operation: 'catalogue',
    })
  }
  await store.keepCatalogue(id, entries)
  return entries
}

export interface Connections {
  byId(id: string): LiveConnection | undefined
  ofDirectory(directoryId: string): readonly LiveConnection[]
}

export function openConnections(
  specs: readonly ConnectionSpec[],
  store: ConnectionStore,
  kit: Kit,
): Connections {
  const live = new Map(specs.map((spec) => [spec.id, openConnection(spec, store, kit)]))
  const byDirectory = Map.groupBy(live.values(), ({ directoryId }) => directoryId)
  return {
    byId: (id) => live.get(id),
    ofDirectory: (directoryId) => byDirectory.get(directoryId) ?? [],
  }
}
