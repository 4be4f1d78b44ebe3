import type {
  Deviation,
  Held,
  Intent,
  JournalOperation,
  Operation,
  Plan,
  PlanInput,
  Wanted,
  WantedPresent,
} from '../model/plan.ts'
import type { AccountSettings, Capabilities } from '../model/capabilities.ts'
import { changesInOrder, entitlementDifference, settingDifference } from './entitlements/difference.ts'
import { afterSwitch, isTeamRole, slotOf } from './granted.ts'
import { carriedTogether, draftProfile, profileDifference } from './person.ts'
import { holds, isEnded, snapshotOf, usableSteps } from './shut-out.ts'
import type { Account, EntitlementRef } from '../model/account.ts'
import type { Policy, ShutOutStep } from '../model/policy.ts'

export interface Differences {
  readonly intents: readonly Intent[]
  readonly deviations: readonly Deviation[]
}

/**
 * What differs between what the directory wants and what a target holds, whatever made us look; and what is wanted and
 * impossible. What `wanted` itself could not resolve is not repeated.
 */
export function intentsFor(input: PlanInput): Differences {
  const { wanted, held } = input
  if (wanted.kind === 'present') return forPresent({ ...input, wanted })
  const because = becauseOf(wanted)
  const isDue = held !== undefined && !isShutOut(held, stepsFor(because, input.policy), input)
  return { intents: isDue ? [{ kind: 'shut-out', because }] : [], deviations: [] }
}

/** A person with an account to whom no rule of a `mapped` connection grants anything any more is a leaver there. */
export function becauseOf(wanted: Exclude<Wanted, WantedPresent>): 'inactive' | 'deleted' {
  return wanted.kind === 'nothing' ? 'inactive' : wanted.because
}

export function stepsFor(because: 'inactive' | 'deleted', { deprovision }: Policy): readonly ShutOutStep[] {
  return deprovision[because]
}

function isShutOut({ account }: Held, steps: readonly ShutOutStep[], { can, tried }: PlanInput): boolean {
  const usable = usableSteps(steps, can)
  return tried ? isEnded(account, usable, tried, can) : usable.some((step) => holds(step, account, can))
}

function forPresent(input: PlanInput<WantedPresent>): Differences {
  const { wanted, held, can, policy } = input
  if (!held && policy.people === 'mapped' && !isMatched(wanted)) return { intents: [], deviations: [] }

  const profile = profileDifference(wanted.person, held?.account, can)
  const { assign, revoke, deviations } = entitlementDifference(afterReturn(input))
  const set = settingDifference(input)
  const intents: readonly Intent[] = [
    ...(held ? [] : [{ kind: 'provision' } as const]),
    ...(held?.account.state === 'disabled' ? [{ kind: 'activate' } as const] : []),
    ...(Object.keys(profile.change).length > 0
      ? [{ kind: 'update-profile', change: profile.change } as const]
      : []),
    ...(Object.keys(set.settings).length > 0
      ? [{ kind: 'update-settings', settings: set.settings } as const]
      : []),
    ...assign.map((entitlement) => ({ kind: 'assign', entitlement }) as const),
    ...revoke.map((entitlement) => ({ kind: 'revoke', entitlement }) as const),
  ]
  return { intents, deviations: [...profile.deviations, ...set.deviations, ...deviations] }
}

/** Whoever is switched on again no longer holds what the vendor takes away by it. */
function afterReturn(input: PlanInput<WantedPresent>): PlanInput<WantedPresent> {
  const { held, can } = input
  if (held?.account.state !== 'disabled' || !can.account.switchLoses) return input
  return { ...input, held: { ...held, account: afterSwitch(held.account, can) } }
}

// A right side that does not resolve keeps who is there, and brings no one in.
function isMatched({ entitlements }: WantedPresent): boolean {
  return entitlements.some(({ reasons }) => reasons.some(({ rule }) => rule !== 'default'))
}

/**
 * Turns what differs into the operations that this vendor can perform, in the order in which they must run: create,
 * activate, update, grants, revokes. No clock, no I/O. The deviations are the plan's own; those of `wanted` are not repeated.
 */
export function plan(input: PlanInput): Plan {
  const { wanted, held } = input
  const recreated = wanted.kind === 'present' && held && recreation({ ...input, wanted, held })
  if (recreated) return recreated
  const { intents, deviations } = intentsFor(input)
  const planned = wanted.kind === 'present' ? present(intents, { ...input, wanted }) : absent(intents, input)
  return join([planned, { operations: [], deviations }])
}

/**
 * Under `rename: recreate`, where the login cannot change: the account is removed and made again under the new login, with
 * what it held by hand. Only where a removal is possible and a creation follows.
 */
function recreation(input: PlanInput<WantedPresent> & { readonly held: Held }): Plan | undefined {
  const { wanted, held, can, policy, now } = input
  if (policy.rename !== 'recreate' || !can.account.remove) return undefined
  const { deviations } = profileDifference(wanted.person, held.account, can)
  if (!deviations.some(({ code }) => code === 'login-immutable')) return undefined
  const created = plan({ wanted, held: undefined, can, policy, snapshot: snapshotOf(held, now), now })
  if (!created.operations.some(({ op }) => op === 'create')) return undefined
  return { ...created, operations: [{ op: 'shut-out', steps: ['remove'] }, ...created.operations] }
}

function present(intents: readonly Intent[], input: PlanInput<WantedPresent>): Plan {
  const { held, can } = input
  const isInvited = held ? held.account.state === 'invited' : can.account.create === 'invite'
  const assigned = refs(intents, 'assign')
  const deferred: readonly EntitlementRef[] = isInvited ? assigned.filter(isTeamRole) : []
  const assign = assigned.filter((ref) => !deferred.includes(ref))
  const early = held ? [] : assign.filter(({ kind }) => can.entitlements[kind]?.assigned === 'on-create')
  const late = assign.filter((ref) => !early.includes(ref))
  const settings = intents.find((intent) => intent.kind === 'update-settings')?.settings
  const renamed = intents.some(({ kind }) => kind === 'update-profile')

  return join([
    ...intents.map((intent) => planAccount(intent, { early, settings, renamed }, input)),
    {
      operations: changesInOrder({ assign: late, revoke: refs(intents, 'revoke') }, can).map((change) => ({
        op: 'change-entitlements',
        change,
      })),
      deviations: deferred.map(waitsForAcceptance),
    },
  ])
}

/** What a creation or an update takes along. */
interface Carried {
  readonly early: readonly EntitlementRef[]
  readonly settings: AccountSettings | undefined
  readonly renamed: boolean
}

function planAccount(
  intent: Intent,
  { early, settings, renamed }: Carried,
  { wanted: { person }, held, can }: PlanInput<WantedPresent>,
): Plan {
  const carried = settings ? { settings } : {}
  const [withCreation, afterCreation] = splitByCreation(settings, can)
  switch (intent.kind) {
    case 'provision': {
      const draft = {
        login: person.login,
        profile: draftProfile(person, can),
        entitlements: early,
        ...(withCreation ? { settings: withCreation } : {}),
      }
      return does({ op: 'create', draft })
    }
    case 'activate':
      return can.account.disable ? does({ op: 'activate' }) : cannot(noSwitch)
    case 'update-profile':
      return held
        ? does({
            op: 'update',
            change: carriedTogether(intent.change, person, held.account, can),
            ...carried,
          })
        : nothing
    case 'update-settings':
      if (!held) return afterCreation ? does({ op: 'update', change: {}, settings: afterCreation }) : nothing
      // With an update of the profile it has gone already.
      return renamed ? nothing : does({ op: 'update', change: {}, settings: intent.settings })
    case 'assign':
    case 'revoke':
    case 'shut-out':
      return nothing
  }
}

/** What a creation takes along, and what it does not. */
function splitByCreation(
  settings: AccountSettings | undefined,
  can: Capabilities,
): readonly [AccountSettings | undefined, AccountSettings | undefined] {
  const isLate = (name: string): boolean => can.settings?.[name]?.afterCreate === true
  const some = (late: boolean): AccountSettings | undefined => {
    const entries = Object.entries(settings ?? {}).filter(([name]) => isLate(name) === late)
    return entries.length > 0 ? Object.fromEntries(entries) : undefined
  }
  return [some(false), some(true)]
}

function absent(intents: readonly Intent[], { can, policy }: PlanInput): Plan {
  return join(
    intents.map((intent) => {
      if (intent.kind !== 'shut-out') return nothing
      const steps = stepsFor(intent.because, policy)
      const usable = usableSteps(steps, can)
      if (usable.length > 0) return does({ op: 'shut-out', steps: usable })
      const detail = `The vendor can take none of the steps ${steps.join(', ')}; choose others under deprovision.`
      return cannot({ code: 'no-usable-step', detail })
    }),
  )
}

function refs(intents: readonly Intent[], kind: 'assign' | 'revoke'): readonly EntitlementRef[] {
  return intents.flatMap((intent) => (intent.kind === kind ? [intent.entitlement] : []))
}

const noSwitch: Deviation = {
  code: 'attribute-immutable',
  detail: 'The account is disabled at the vendor, and no call of the vendor enables it; enable it there.',
}

function waitsForAcceptance({ id, scope }: EntitlementRef): Deviation {
  const detail = `Role ${id} in team ${scope?.id ?? ''} waits until the invitation is accepted; nothing needs to be done.`
  return { code: 'entitlement-deferred', detail }
}

const nothing: Plan = { operations: [], deviations: [] }

function does(operation: Operation): Plan {
  return { operations: [operation], deviations: [] }
}

function cannot(deviation: Deviation): Plan {
  return { operations: [], deviations: [deviation] }
}

function join(plans: readonly Plan[]): Plan {
  return {
    operations: plans.flatMap(({ operations }) => operations),
    deviations: plans.flatMap(({ deviations }) => deviations),
  }
}

/** Whether one of these logins is named by `guard.protect`: exactly, or by a pattern with `*`; letter case aside. */
export function isProtected(logins: readonly (string | undefined)[], patterns: readonly string[]): boolean {
  return patterns.some((pattern) => logins.some((login) => login !== undefined && isNamed(login, pattern)))
}

/** Linear in both texts: the parts between the stars must follow each other, and a star may stand for nothing. */
function isNamed(login: string, pattern: string): boolean {
  const [first = '', ...rest] = fold(pattern).split('*')
  const text = fold(login)
  const last = rest.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

const fold = (text: string): string => text.trim().toLowerCase()

/** Whether access may end or shrink by it. Assigning a role may replace the owner role. */
export function takesAway(operation: JournalOperation): boolean {
  if (operation.op === 'shut-out') return true
  if (operation.op !== 'change-entitlements') return false
  const { assign, revoke } = operation.change
  return revoke.length > 0 || assign.some(({ kind }) => kind === 'role')
}

/** What the limits on mass changes count a plan as; undefined: as nothing. */
export function countedAs(
  operations: readonly JournalOperation[],
  held: Held | undefined,
  can: Capabilities,
): 'shut-out' | 'revoke' | undefined {
  if (operations.some(({ op }) => op === 'shut-out')) return 'shut-out'
  return operations.some((operation) => revokes(operation, held?.account, can)) ? 'revoke' : undefined
}

function revokes(operation: JournalOperation, account: Account | undefined, can: Capabilities): boolean {
  if (operation.op !== 'change-entitlements') return false
  const { assign, revoke } = operation.change
  if (revoke.length > 0) return true
  // A kind of which one must be held is taken away by assigning its lowest.
  return assign.some(({ kind, id, scope }) => {
    const { perAccount, floor } = can.entitlements[kind] ?? {}
    if (perAccount !== 'one' || !floor?.includes(id)) return false
    const slot = slotOf({ kind, ...(scope ? { scope } : {}) })
    return account?.entitlements.some((each) => slotOf(each) === slot && !floor.includes(each.id)) ?? false
  })
}
