import type { Capabilities } from '../../vendors/contract.ts'
import type { Deviation, WantedEntitlement } from '../../model/plan.ts'

export interface Levelled {
  readonly entitlements: readonly WantedEntitlement[]
  /** Wishes that conflict: what they granted stays as it is. */
  readonly frozen: readonly string[]
  readonly deviations: readonly Deviation[]
}

/**
 * Some vendors know an account at one scope level only. Rules that ask for several levels cancel each other, and the
 * account stays as it is; the default gives way to any rule.
 */
export function ofOneLevel(wanted: readonly WantedEntitlement[], can: Capabilities): Levelled {
  const concerned = wanted.filter(({ ref }) => ref.scope && can.entitlements[ref.kind]?.scopeLevels === 'one')
  const levels = new Set(concerned.filter(isByRule).map(levelOf))
  if (levels.size === 0) return { entitlements: wanted, frozen: [], deviations: [] }
  if (levels.size === 1) {
    const beaten = new Set(concerned.filter((each) => !levels.has(levelOf(each))))
    return { entitlements: wanted.filter((each) => !beaten.has(each)), frozen: [], deviations: [] }
  }
  return {
    entitlements: wanted.filter((each) => !concerned.includes(each)),
    frozen: concerned.flatMap(({ wishes }) => wishes),
    deviations: concerned.filter(isByRule).map((each) => conflictOf(each, [...levels])),
  }
}

function isByRule({ reasons }: WantedEntitlement): boolean {
  return reasons.some(({ rule }) => rule !== 'default')
}

function levelOf({ ref }: WantedEntitlement): string | undefined {
  return ref.scope?.level
}

function conflictOf({ ref, name }: WantedEntitlement, levels: readonly (string | undefined)[]): Deviation {
  const detail = `Role "${name}" in ${ref.scope?.level} ${ref.scope?.id} conflicts with other rules: the vendor keeps an account at one scope level, and the rules name ${levels.join(' and ')}. Name one level; until then nothing is granted or revoked for it.`
  return { code: 'entitlement-scope-conflict', detail }
}
