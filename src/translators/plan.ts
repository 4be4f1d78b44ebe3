import type { Capabilities, EntitlementRef } from '../vendors/contract.ts'
import { changesInOrder, isTeamRole } from './entitlements/changes.ts'
import { usableSteps } from './holds.ts'
import { differencesOf, stepsFor } from './intents.ts'
import type { Deviation, Held, Intent, Operation, Plan, Policy, Snapshot, Wanted } from './model.ts'
import { carriedTogether, draftProfile } from './profile.ts'

type Present = Extract<Wanted, { kind: 'present' }>

interface Setting {
  readonly held: Held | undefined
  readonly can: Capabilities
  readonly policy: Policy
}

/**
 * Turns what differs into the operations that this vendor can perform, in the order in which they must run: create,
 * activate, update, grants, revokes. No clock, no I/O. `snapshot` is given only when a person returns; `now` is an
 * ISO 8601 instant. The deviations are the plan's own; those of `wanted` are not repeated.
 */
export function plan(
  wanted: Wanted,
  held: Held | undefined,
  can: Capabilities,
  policy: Policy,
  snapshot: Snapshot | undefined,
  now: string,
): Plan {
  const { intents, deviations } = differencesOf(wanted, held, { can, policy, snapshot, now })
  const setting = { held, can, policy }
  const planned = wanted.kind === 'present' ? present(intents, wanted, setting) : absent(intents, setting)
  return join([planned, { operations: [], deviations }])
}

function present(intents: readonly Intent[], wanted: Present, setting: Setting): Plan {
  const { held, can } = setting
  const isInvited = held ? held.account.state === 'invited' : can.account.create === 'invite'
  const assigned = refs(intents, 'assign')
  const deferred: readonly EntitlementRef[] = isInvited ? assigned.filter(isTeamRole) : []
  const assign = assigned.filter((ref) => !deferred.includes(ref))
  const early = held ? [] : assign.filter(({ kind }) => can.entitlements[kind]?.assigned === 'on-create')
  const late = assign.filter((ref) => !early.includes(ref))

  return join([
    ...intents.map((intent) => planAccount(intent, wanted, early, setting)),
    {
      operations: changesInOrder({ assign: late, revoke: refs(intents, 'revoke') }, can).map((change) => ({
        op: 'change-entitlements',
        change,
      })),
      deviations: deferred.map(waitsForAcceptance),
    },
  ])
}

function planAccount(
  intent: Intent,
  { person }: Present,
  early: readonly EntitlementRef[],
  { held, can }: Setting,
): Plan {
  switch (intent.kind) {
    case 'provision': {
      const draft = { login: person.login, profile: draftProfile(person, can), entitlements: early }
      return does({ op: 'create', draft })
    }
    case 'activate':
      return can.account.disable ? does({ op: 'activate' }) : cannot(noSwitch)
    case 'update-profile':
      return held
        ? does({ op: 'update', change: carriedTogether(intent.change, person, held.account, can) })
        : nothing
    case 'assign':
    case 'revoke':
    case 'shut-out':
      return nothing
  }
}

function absent(intents: readonly Intent[], { can, policy }: Setting): Plan {
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
