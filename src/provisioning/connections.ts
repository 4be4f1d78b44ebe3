import { tolerant, type TolerantTarget } from '../vendors/kit/tolerant.ts'
import type { ApiProfile, Entitlement } from '../model/account.ts'
import type { Capabilities } from '../model/capabilities.ts'
import { GatewayError, VendorError } from '../model/errors.ts'
import type { Notices } from '../model/notice.ts'
import type { Policy } from '../model/policy.ts'
import { type ConnectionStore, priorities } from '../model/work.ts'
import type { AnyVendor, Target } from '../vendors/contract.ts'
import type { Kit } from '../vendors/kit/kit.ts'
import { policyAs, targetOf } from './api-profile.ts'
import { createReplyDeviations } from './reply-deviations.ts'
import { backoffMs, shortCapMs } from './backoff.ts'

/** Connections that others take the place of; runs under way go on with those they began with. */
export interface LiveConnections extends Connections {
  /** Those of a configuration file. */
  replace(next: Connections): void
  /** Those that operators made; `disabled` are only there to be checked. */
  replaceManaged(next: Connections, disabled: ReadonlyMap<string, OpenConnection>): void
  /** Also one that is disabled. */
  toCheck(id: string): OpenConnection | undefined
}

const none: Connections = { byId: () => undefined, ofDirectory: () => [] }

export function liveConnections(first: Connections): LiveConnections {
  let fromFile = first
  let managed = none
  let unused: ReadonlyMap<string, OpenConnection> = new Map()
  const byId = (id: string): OpenConnection | undefined => fromFile.byId(id) ?? managed.byId(id)
  return {
    byId,
    toCheck: (id) => byId(id) ?? unused.get(id),
    ofDirectory: (directoryId) => {
      const more = managed.ofDirectory(directoryId)
      const all = fromFile.ofDirectory(directoryId)
      return more.length === 0 ? all : [...all, ...more]
    },
    replace: (next) => {
      fromFile = next
    },
    replaceManaged: (next, disabled) => {
      managed = next
      unused = disabled
    },
  }
}

/** What a connection is made of: stored facts and, from the configuration, its secrets. */
export interface ConnectionSpec {
  readonly id: string
  readonly name: string
  readonly directoryId: string
  readonly vendor: AnyVendor
  readonly apiProfile: 'auto' | ApiProfile
  readonly settings: Readonly<Record<string, unknown>>
  readonly credentials: Readonly<Record<string, string>>
  /** When they end, as the operator states: ISO 8601. */
  readonly credentialsEndAt?: string
  readonly policy: Policy
  /** Of the stored row, where it is the row that tells what changed; a file's connections have none. */
  readonly revision?: number
}

/** What writes with a connection's credentials have shown in this process: for whom they were refused since one last worked. */
interface WriteEvidence {
  worked(): void
  haveWorked(): boolean
  /** Notes a refusal for an account or group; gives for how many of them there was one since a write last worked. */
  refused(subject: string): number
}

function createWriteEvidence(): WriteEvidence {
  const refused = new Set<string>()
  let haveWorked = false
  return {
    worked() {
      haveWorked = true
      refused.clear()
    },
    haveWorked: () => haveWorked,
    refused: (subject) => refused.add(subject).size,
  }
}

/** A connection as it is configured. */
export interface OpenConnection extends Pick<
  ConnectionSpec,
  'id' | 'name' | 'directoryId' | 'policy' | 'revision' | 'credentialsEndAt'
> {
  readonly vendor: string
  readonly writes: WriteEvidence
  /** Finds the API profile out first where that is left to the vendor. Rejects with `VendorError` while it does not tell. */
  ready(): Promise<LiveConnection>
  /** A route is not there: where the profile was found out, it is asked for again, at most every five minutes. */
  doubtProfile(): void
  /** Vendor calls of this work are served by its priority; `pauses` are milliseconds by path class. */
  during<T>(priority: number, pauses: Readonly<Record<string, number>>, work: () => Promise<T>): Promise<T>
  /** Long work behind all other: its calls wait for their turn however long that takes. */
  patiently<T>(work: () => Promise<T>): Promise<T>
}

/** A connection that can be worked with; facts about its tenant are read once and kept. */
export interface LiveConnection extends Omit<OpenConnection, 'ready' | 'during' | 'patiently'> {
  readonly target: TolerantTarget
  readonly can: Capabilities
  /** `<vendor>:<tenant id>`, confirmed against the store; `maxAgeMs` asks the vendor again when the last look is older. */
  tenant(maxAgeMs?: number): Promise<string>
  /** The gateway's own account at the vendor, if it has one. */
  self(): Promise<string | undefined>
  /** `refresh`: not older than a minute, or than `maxAgeMs`. */
  catalogue(options?: {
    readonly refresh: boolean
    readonly maxAgeMs?: number
  }): Promise<readonly Entitlement[]>
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

export function openConnection(
  spec: ConnectionSpec,
  store: ConnectionStore,
  kit: Kit,
  notices?: Notices,
): OpenConnection {
  const { id, name, directoryId, policy, revision, vendor, settings, credentials, credentialsEndAt } = spec
  const pace = kit.pacing?.connection()
  // Both were checked against the vendor's own schemas when the configuration was read.
  const watched = { ...kit, deviated: createReplyDeviations(spec, store, kit.log, notices) }
  const connect = (profile: ApiProfile): Target =>
    vendor.connect({ settings: settings as never, credentials: credentials as never, profile }, watched)
  const writes = createWriteEvidence()
  const doubt = createDoubt(kit.now)
  const open = async (): Promise<LiveConnection> => {
    const spoken = await targetOf(spec, store, connect, doubt.isOpen())
    doubt.settle()
    const { target } = spoken
    const self = kept(kit.now, () => tolerant(target, vendor.id).self())
    // Whose credentials these are may decide what can be done with them.
    await self(selfAgeMs)
    const live = toLive({ ...spec, policy: policyAs(spoken, spec) }, target, self, store, kit, notices)
    return { ...live, writes, doubtProfile }
  }
  const opening = again(kit.now, open)
  function doubtProfile(): void {
    if (spec.apiProfile === 'auto' && doubt.raise()) opening.forget()
  }
  return {
    id,
    name,
    directoryId,
    policy,
    ...(revision === undefined ? {} : { revision }),
    ...(credentialsEndAt === undefined ? {} : { credentialsEndAt }),
    vendor: vendor.id,
    writes,
    ready: opening.ask,
    doubtProfile,
    during(priority, pauses, work) {
      if (!pace) return work()
      for (const [pathClass, ms] of Object.entries(pauses)) pace.pause(pathClass, ms)
      return pace.during(priority, work)
    },
    patiently: (work) => (pace ? pace.during(priorities.backlog, work, 'patient') : work()),
  }
}

/**
 * Asks until it succeeds once; after a failure not before the vendor's wait or a short backoff, however many ask meanwhile:
 * everybody waits for this one question, and a vendor that is back shall soon be seen. `forget`: the next one asks anew.
 */
function again<T>(now: () => number, ask: () => Promise<T>) {
  let asking: Promise<T> | undefined
  let failed: { readonly error: VendorError; readonly until: number; readonly attempts: number } | undefined
  const answer = (): Promise<T> => {
    if (failed && now() < failed.until) return Promise.reject(failed.error)
    asking ??= ask().catch((error: unknown) => {
      asking = undefined
      if (error instanceof VendorError) {
        const attempts = (failed?.attempts ?? 0) + 1
        const waitMs = Math.min(backoffMs(attempts), shortCapMs)
        failed = { error, attempts, until: now() + (error.retryAfterMs ?? waitMs) }
      }
      throw error
    })
    return asking
  }
  return {
    ask: answer,
    forget(): void {
      asking = undefined
    },
  }
}

const doubtAgainMs = 5 * 60_000

/** Whether what was found out about a tenant is still to be believed. */
function createDoubt(now: () => number) {
  let raisedAt: number | undefined
  let isOpen = false
  return {
    isOpen: () => isOpen,
    /** False: it was looked into a moment ago. */
    raise(): boolean {
      if (raisedAt !== undefined && now() - raisedAt < doubtAgainMs) return false
      raisedAt = now()
      isOpen = true
      return true
    },
    settle(): void {
      isOpen = false
    },
  }
}

function toLive(
  spec: ConnectionSpec,
  target: Target,
  self: (maxAgeMs: number) => Promise<string | undefined>,
  store: ConnectionStore,
  kit: Kit,
  notices: Notices | undefined,
): Omit<LiveConnection, 'writes' | 'doubtProfile'> {
  const forgiving = tolerant(target, spec.vendor.id)
  const tenant = kept(kit.now, async () => {
    const id = `${spec.vendor.id}:${await forgiving.tenant()}`
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
  const fetched = kept(kit.now, () => fetchCatalogue(spec, forgiving, store, kit.log, notices))
  let stored: Promise<readonly Entitlement[] | undefined> | undefined

  return {
    id: spec.id,
    name: spec.name,
    directoryId: spec.directoryId,
    policy: spec.policy,
    ...(spec.revision === undefined ? {} : { revision: spec.revision }),
    ...(spec.credentialsEndAt === undefined ? {} : { credentialsEndAt: spec.credentialsEndAt }),
    vendor: spec.vendor.id,
    target: forgiving,
    can: target.capabilities,
    tenant: (maxAgeMs = Number.POSITIVE_INFINITY) => tenant(maxAgeMs),
    self: () => self(selfAgeMs),
    async catalogue({ refresh, maxAgeMs = refreshAgeMs } = { refresh: false }) {
      if (refresh) return fetched(maxAgeMs)
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
  notices: Notices | undefined,
): Promise<readonly Entitlement[]> {
  const [entries, before] = await Promise.all([target.catalogue(), store.catalogue(id)])
  // A half-empty answer would look like a mass removal of roles; the old one stays until an operator has looked.
  if (before && entries.length * 2 < before.entries.length) {
    log.error({ connection: name, before: before.entries.length, now: entries.length }, 'catalogue refused')
    const text = `${name} offered ${before.entries.length} roles and groups, and ${entries.length} now: that is not believed, and nothing is taken away for it. Check the permissions of the credentials, and the vendor.`
    await notices?.raise({ kind: 'catalogue-refused', connectionId: id, text })
    return before.entries
  }
  if (entries.length === 0) {
    throw new VendorError('unexpected', 'the vendor offers no role or group at all', {
      vendor: vendor.id,
      operation: 'catalogue',
    })
  }
  await store.keepCatalogue(id, entries)
  await notices?.resolve({ kind: 'catalogue-refused', connectionId: id })
  return entries
}

export interface Connections {
  byId(id: string): OpenConnection | undefined
  ofDirectory(directoryId: string): readonly OpenConnection[]
}

export function openConnections(
  specs: readonly ConnectionSpec[],
  store: ConnectionStore,
  kit: Kit,
  notices?: Notices,
): Connections {
  const live = new Map(specs.map((spec) => [spec.id, openConnection(spec, store, kit, notices)]))
  const byDirectory = Map.groupBy(live.values(), ({ directoryId }) => directoryId)
  return {
    byId: (id) => live.get(id),
    ofDirectory: (directoryId) => byDirectory.get(directoryId) ?? [],
  }
}
