import type { Operation, Wanted } from '../../model/plan.ts'
import type { LiveConnection } from '../connections.ts'
import type { Entitlement } from '../../model/account.ts'
import type { AccountWork } from '../../model/work.ts'
import { wantedOf } from '../../translators/wanted.ts'
import { countedAs, intentsFor, plan } from '../../translators/plan.ts'
import { isDeepStrictEqual } from 'node:util'
import { grantedAfter } from '../../translators/granted.ts'
import { wantedInput } from '../wanted-input.ts'

/** What a sweep found out about an account without asking the vendor. */
export type Judgement =
  | { readonly kind: 'same' }
  /** Something that the store alone cannot tell: its own run has to look. */
  | { readonly kind: 'doubtful' }
  | {
      readonly kind: 'differs'
      readonly as: 'shut-out' | 'revoke' | 'create' | 'other'
      readonly operations: readonly Operation[]
      readonly wanted: Wanted
    }

export interface Surroundings {
  readonly connection: LiveConnection
  readonly catalogue: readonly Entitlement[]
  /** ISO 8601 instant. */
  readonly now: string
}

/** An earlier run left something to be seen to that no plan shows. */
function isUnfinished(work: AccountWork): boolean {
  return (
    work.openOperations.length > 0 ||
    work.verification !== undefined ||
    work.predecessor !== undefined ||
    work.uncertain === true ||
    work.snapshot !== undefined
  )
}

/**
 * Plans an account from what is held and what is wanted. Whatever is not settled, or cannot be told for certain, is doubtful:
 * one look too many costs little, one too few leaves somebody with what they must not have.
 */
export function judge(work: AccountWork, { connection, catalogue, now }: Surroundings): Judgement {
  const { can, policy } = connection
  const { held, user } = work
  if (isUnfinished(work) && user.active && !user.deleted) return doubtful
  const wanted = wantedOf(wantedInput(work, connection, catalogue, now))
  if (wanted.kind === 'refused') return doubtful
  const { operations, deviations } = plan({ wanted, held, can, policy, now })
  const { tried = [] } = work.snapshot ?? {}
  const leaves = wanted.kind !== 'present' && held !== undefined
  if (leaves && intentsFor({ wanted, held, can, policy, now, tried }).intents.length > operations.length)
    return doubtful
  if (operations.length > 0) return { kind: 'differs', as: sortOf(operations, work, can), operations, wanted }
  if (deviations.length > 0 || work.provenVersion < work.wantedVersion) return doubtful
  return isSettled(wanted, work, can) ? { kind: 'same' } : doubtful
}

function sortOf(
  operations: readonly Operation[],
  { held }: AccountWork,
  can: LiveConnection['can'],
): 'shut-out' | 'revoke' | 'create' | 'other' {
  if (operations.some(({ op }) => op === 'create')) return 'create'
  return countedAs(operations, held, can) ?? 'other'
}

/** Nothing is to be written at the vendor, nor to be remembered here. */
function isSettled(wanted: Wanted, { held }: AccountWork, can: LiveConnection['can']): boolean {
  if (wanted.kind !== 'present') return true
  if (wanted.frozen.length > 0 || wanted.deviations.length > 0) return false
  if (!held) return true
  return isDeepStrictEqual(grantedAfter(held.granted, wanted.entitlements, [], can), held.granted)
}

const doubtful: Judgement = { kind: 'doubtful' }
