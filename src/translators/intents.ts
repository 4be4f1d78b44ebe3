import type { Capabilities, ShutOutStep } from '../vendors/contract.ts'
import { entitlementDifference, type Circumstances } from './entitlements/difference.ts'
import { holds, isEnded, usableSteps } from './leaving/holds.ts'
import type { Deviation, Held, Intent, Policy, Snapshot, Wanted } from '../model/plan.ts'
import { profileDifference } from './profile.ts'
import { settingDifference } from './entitlements/settings.ts'

export interface Differences {
  readonly intents: readonly Intent[]
  readonly deviations: readonly Deviation[]
}

type Present = Extract<Wanted, { kind: 'present' }>

/** What differs between what the directory wants and what a target holds, whatever made us look. */
export function intentsFor(
  wanted: Wanted,
  held: Held | undefined,
  can: Capabilities,
  policy: Policy,
  snapshot?: Snapshot,
  at?: { readonly now: string },
): readonly Intent[] {
  return differencesOf(wanted, held, { can, policy, snapshot, now: at?.now }).intents
}

/** The same with what is wanted and impossible. What `wanted` itself could not resolve is not repeated. */
export function differencesOf(
  wanted: Wanted,
  held: Held | undefined,
  circumstances: Circumstances,
): Differences {
  if (wanted.kind === 'present') return forPresent(wanted, held, circumstances)
  const because = becauseOf(wanted)
  const isDue = held && !isShutOut(held, stepsFor(because, circumstances.policy), circumstances)
  return { intents: isDue ? [{ kind: 'shut-out', because }] : [], deviations: [] }
}

/** Somebody with an account whom no rule of a `mapped` connection grants anything any more is a leaver there. */
export function becauseOf(wanted: Exclude<Wanted, Present>): 'inactive' | 'deleted' {
  return wanted.kind === 'nothing' ? 'inactive' : wanted.because
}

export function stepsFor(because: 'inactive' | 'deleted', { deprovision }: Policy): readonly ShutOutStep[] {
  return deprovision[because]
}

function isShutOut({ account }: Held, steps: readonly ShutOutStep[], { can, tried }: Circumstances): boolean {
  const usable = usableSteps(steps, can)
  return tried ? isEnded(account, usable, tried, can) : usable.some((step) => holds(step, account, can))
}

function forPresent(wanted: Present, held: Held | undefined, circumstances: Circumstances): Differences {
  const { can, policy } = circumstances
  if (!held && policy.people === 'mapped' && !isMatched(wanted)) return { intents: [], deviations: [] }

  const profile = profileDifference(wanted.person, held?.account, can)
  const { assign, revoke, deviations } = entitlementDifference(wanted, held, circumstances)
  const set = settingDifference(wanted, held, circumstances)
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

// A right side that does not resolve keeps who is there, and brings nobody in.
function isMatched({ entitlements }: Present): boolean {
  return entitlements.some(({ reasons }) => reasons.some(({ rule }) => rule !== 'default'))
}
