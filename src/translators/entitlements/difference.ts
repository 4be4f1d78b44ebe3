import {
  type Account,
  type EntitlementChange,
  entitlementKey,
  type EntitlementRef,
  type HeldEntitlement,
} from '../../model/account.ts'
import type { AccountSettings, Capabilities, SettingSupport } from '../../model/capabilities.ts'
import type { Deviation, Granted, Held, PlanInput, Snapshot, WantedPresent } from '../../model/plan.ts'
import { handMade, isLive, isRecent, isTeamRole, keysOf, settingKey, slotOf } from '../granted.ts'

interface SettingDifference {
  /** Only what differs and may be written. */
  readonly settings: AccountSettings
  readonly deviations: readonly Deviation[]
}

/**
 * What must be set so that an account has the settings that rules name. What no rule names any more falls back only where
 * Drawbridge had set it and the vendor's table says to what. A return gives back what had been set by hand.
 */
export function settingDifference({
  wanted: { settings = {} },
  held,
  can,
  snapshot,
  now,
}: PlanInput<WantedPresent>): SettingDifference {
  const supported = can.settings ?? {}
  const unknown = Object.keys(settings).filter((name) => !Object.hasOwn(supported, name))
  const wanted = new Map(Object.entries(settings).filter(([name]) => !unknown.includes(name)))
  const goal = new Map([
    ...withdrawn(held, wanted, supported),
    ...(isRecent(snapshot, now) ? returningSettings(snapshot, supported) : []),
    ...wanted,
  ])
  const shown = held?.account.settings ?? {}
  const differing = [...goal].filter(([name, value]) => shown[name] !== value)
  const locked = new Set(held?.account.facts.readOnlySettings)
  return {
    settings: Object.fromEntries(differing.filter(([name]) => !locked.has(name))),
    deviations: [
      ...unknown.map(notThere),
      ...differing.flatMap(([name, value]) =>
        held && locked.has(name) ? [readOnlyHere(name, value, held.account)] : [],
      ),
    ],
  }
}

/** The settings of an account that give power and are not off. */
export function powersOf({ settings = {} }: Pick<Account, 'settings'>, can: Capabilities): readonly string[] {
  return Object.entries(can.settings ?? {}).flatMap(([name, { off }]) =>
    off === undefined || (settings[name] ?? off) === off ? [] : [name],
  )
}

/** Every such setting, off. Undefined when there is none. */
export function powersOff(
  account: Pick<Account, 'settings'>,
  can: Capabilities,
): AccountSettings | undefined {
  const powers = powersOf(account, can)
  if (powers.length === 0) return undefined
  return Object.fromEntries(
    powers.flatMap((name) => {
      const off = can.settings?.[name]?.off
      return off === undefined ? [] : [[name, off] as const]
    }),
  )
}

/** What Drawbridge has set, after a write of settings that the vendor confirmed. */
export function grantedAfterSettings(
  before: readonly Granted[],
  wanted: AccountSettings,
  written: AccountSettings,
): readonly Granted[] {
  const keys = new Set(Object.keys(written).map(settingKey))
  const ours = Object.entries(wanted)
    .filter(([name, value]) => written[name] === value)
    .map(([name, value]) => ({ key: settingKey(name), wishes: [`${settingKey(name)}=${String(value)}`] }))
  return [...before.filter(({ key }) => !keys.has(key)), ...ours]
}

type Supported = Readonly<Record<string, SettingSupport>>

function withdrawn(held: Held | undefined, wanted: ReadonlyMap<string, unknown>, supported: Supported) {
  const ours = new Set(held?.granted.map(({ key }) => key))
  return Object.entries(supported).flatMap(([name, { off }]) =>
    off !== undefined && ours.has(settingKey(name)) && !wanted.has(name) ? [[name, off] as const] : [],
  )
}

/** Powers that had been given by hand before the shut-out took them. */
function returningSettings(snapshot: Snapshot | undefined, supported: Supported) {
  const ours = new Set(snapshot?.granted.map(({ key }) => key))
  return Object.entries(snapshot?.settings ?? {}).filter(
    ([name, value]) =>
      supported[name]?.off !== undefined && supported[name].off !== value && !ours.has(settingKey(name)),
  )
}

function notThere(name: string): Deviation {
  const detail = `This API profile of the vendor has no setting ${name}, so it cannot be set. Take it out of the rule.`
  return { code: 'setting-unknown', detail }
}

function readOnlyHere(name: string, value: unknown, { login, settings }: Account): Deviation {
  const now = settings?.[name] === undefined ? 'as it is' : String(settings[name])
  const detail = `The vendor marks ${name} of ${login} as read-only; it stays ${now} instead of ${String(value)}. Change it where the vendor takes it from.`
  return { code: 'setting-read-only', detail }
}

/**
 * Cuts a change into what one call can carry, in the order in which the calls must run: grants before revokes. As
 * soon as a kind takes part that is replaced whole, one call carries everything; otherwise each carries one direction
 * of one kind in one scope, and no more than the vendor takes.
 */
export function changesInOrder(
  { assign, revoke }: EntitlementChange,
  can: Capabilities,
): readonly EntitlementChange[] {
  if (assign.length + revoke.length === 0) return []
  const isReplaced = ({ kind }: EntitlementRef): boolean => can.entitlements[kind]?.write === 'replace'
  if ([...assign, ...revoke].some(isReplaced)) return [{ assign, revoke }]
  return [
    ...chunked(membershipsFirst(assign), ({ kind }) => can.entitlements[kind]?.perAssign).map((chunk) => ({
      assign: chunk,
      revoke: [],
    })),
    ...chunked(teamRolesFirst(revoke), ({ kind }) => can.entitlements[kind]?.perRevoke).map((chunk) => ({
      assign: [],
      revoke: chunk,
    })),
  ]
}

function membershipsFirst(refs: readonly EntitlementRef[]): readonly EntitlementRef[] {
  return [...refs.filter((ref) => !isTeamRole(ref)), ...refs.filter(isTeamRole)]
}

function teamRolesFirst(refs: readonly EntitlementRef[]): readonly EntitlementRef[] {
  return [...refs.filter(isTeamRole), ...refs.filter((ref) => !isTeamRole(ref))]
}

/** Scope and end travel beside the list of ids, once a call. */
function chunked(
  refs: readonly EntitlementRef[],
  most: (ref: EntitlementRef) => number | undefined,
): readonly (readonly EntitlementRef[])[] {
  const alike = Map.groupBy(refs, (ref) => `${slotOf(ref)} ${ref.until ?? ''}`)
  return [...alike.values()].flatMap((group) => {
    const size = Math.max(1, (group[0] && most(group[0])) ?? 1)
    return Array.from({ length: Math.ceil(group.length / size) }, (_, at) =>
      group.slice(at * size, (at + 1) * size),
    )
  })
}

interface EntitlementDifference extends EntitlementChange {
  readonly deviations: readonly Deviation[]
}

/** What must be assigned and revoked so that an account holds what is wanted. Nothing inherited is ever revoked. */
export function entitlementDifference(input: PlanInput<WantedPresent>): EntitlementDifference {
  const { wanted, held, can, now } = input
  const live = (held?.account.entitlements ?? []).filter((each) => isLive(each, now))
  const direct = live.filter(({ inherited }) => !inherited)
  const refs = wanted.entitlements.map(({ ref }) => asTaken(ref, can))
  const granted = (held?.granted ?? []).filter((each) => isLive(each, now))
  const ours = ownership(granted, input)
  const isOne = (ref: EntitlementRef): boolean => can.entitlements[ref.kind]?.perAccount === 'one'

  const keptSlots = new Map(direct.filter((each) => isOne(each) && ours.isFrozen(each)).map(bySlot))
  const missing = refs.filter((ref) => {
    const keeper = isOne(ref) ? keptSlots.get(slotOf(ref)) : undefined
    return !live.some((each) => covers(each, ref)) && (keeper ?? entitlementKey(ref)) === entitlementKey(ref)
  })
  const excess = direct.filter((each) => !keysOf(refs).has(entitlementKey(each)) && ours.mayRevoke(each))
  const returned = returning(refs, live, excess, input)

  const assign = [...missing, ...returned]
  const filled = new Set(assign.filter(isOne).map(slotOf))
  const vacated = excess.filter((each) => !filled.has(slotOf(each)))
  const lowered = vacated.filter((each) => isOne(each) && lowest(each, can) !== undefined)
  return {
    assign: [...assign, ...lowered.flatMap((each) => lowest(each, can) ?? [])],
    revoke: vacated.filter((each) => !lowered.includes(each)).map(asRef),
    deviations: live
      .filter((each) => each.inherited && !keysOf(refs).has(entitlementKey(each)) && ours.mayRevoke(each))
      .map(inheritedStays),
  }
}

interface Ownership {
  /** A request that does not resolve now may have asked for it. */
  readonly isFrozen: (held: EntitlementRef) => boolean
  readonly mayRevoke: (held: EntitlementRef) => boolean
}

function ownership(
  granted: readonly Granted[],
  { wanted: { frozen }, can, policy }: PlanInput<WantedPresent>,
): Ownership {
  const grantedKeys = new Set(granted.map(({ key }) => key))
  // What an unresolved request means among grants whose request is not known cannot be told: its kind is spared.
  const frozenKinds = new Set(frozen.map((request) => request.split(':', 1)[0]))
  const mayBeMeant = ({ key, wishes: requests }: Granted): boolean =>
    requests.length === 0
      ? frozenKinds.has(key.split(':', 1)[0])
      : requests.some((request) => frozen.includes(request))
  const frozenKeys = new Set(granted.filter(mayBeMeant).map(({ key }) => key))
  const isFrozen = (ref: EntitlementRef): boolean => frozenKeys.has(entitlementKey(ref))
  return {
    isFrozen,
    mayRevoke: (ref) => {
      const support = can.entitlements[ref.kind]
      if (!support || support.floor?.includes(ref.id) || isFrozen(ref)) return false
      if (grantedKeys.has(entitlementKey(ref))) return true
      // A temporary grant that was made at the vendor ends by itself.
      return policy.exclusive && ref.until === undefined && !frozenKinds.has(ref.kind)
    },
  }
}

/** What comes back beside what the rules say; in a slot that holds one, only if the rules leave it empty. */
function returning(
  wanted: readonly EntitlementRef[],
  live: readonly HeldEntitlement[],
  excess: readonly EntitlementRef[],
  { can, policy, snapshot, now }: PlanInput,
): readonly EntitlementRef[] {
  if (policy.exclusive) return []
  const known = keysOf([...wanted, ...live])
  const leaving = keysOf(excess)
  const staying = live.filter(
    (each) => !each.inherited && !isFloor(each, can) && !leaving.has(entitlementKey(each)),
  )
  const taken = new Set([...wanted, ...staying].map(slotOf))
  return handMade(snapshot, now).filter((ref) => {
    const support = can.entitlements[ref.kind]
    if (!support || isFloor(ref, can) || known.has(entitlementKey(ref))) return false
    return support.perAccount === 'many' || !taken.has(slotOf(ref))
  })
}

/** An end reaches only vendors that keep one; elsewhere the rules stop asking, and what was granted is revoked. */
function asTaken(ref: EntitlementRef, can: Capabilities): EntitlementRef {
  if (ref.until === undefined || can.entitlements[ref.kind]?.expires) return ref
  const { until: _, ...endless } = ref
  return endless
}

function covers(held: EntitlementRef, wanted: EntitlementRef): boolean {
  if (entitlementKey(held) !== entitlementKey(wanted)) return false
  if (held.until === undefined) return true
  return wanted.until !== undefined && Date.parse(held.until) >= Date.parse(wanted.until)
}

function isFloor({ kind, id }: EntitlementRef, can: Capabilities): boolean {
  return can.entitlements[kind]?.floor?.includes(id) ?? false
}

/** What an account falls to in a slot that is never empty. Scoped ones simply go: a team role ends with the membership. */
function lowest({ kind, scope }: EntitlementRef, can: Capabilities): EntitlementRef | undefined {
  const [id] = can.entitlements[kind]?.floor ?? []
  return id === undefined || scope ? undefined : { kind, id }
}

function bySlot(ref: EntitlementRef): [string, string] {
  return [slotOf(ref), entitlementKey(ref)]
}

function asRef({ kind, id, scope }: EntitlementRef): EntitlementRef {
  return { kind, id, ...(scope ? { scope } : {}) }
}

function inheritedStays(held: EntitlementRef): Deviation {
  const detail = `${held.kind} ${held.id} is inherited from a group or parent of the vendor and stays; take it away there.`
  return { code: 'entitlement-inherited', detail }
}
