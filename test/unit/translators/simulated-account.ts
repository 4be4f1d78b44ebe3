import { grantedAfter, slotOf } from '../../../src/translators/granted.ts'
import type { Held, Operation, WantedEntitlement } from '../../../src/model/plan.ts'
import { type Capabilities } from '../../../src/model/capabilities.ts'
import { anAccount } from './builders.ts'
import {
  type Account,
  type EntitlementChange,
  entitlementKey,
  type EntitlementRef,
  type HeldEntitlement,
} from '../../../src/model/account.ts'
import type { ShutOutStep } from '../../../src/model/policy.ts'

/** What is held after a vendor that keeps its word has carried operations out, one after the other. */
export function carriedOut(
  operations: readonly Operation[],
  held: Held | undefined,
  wanted: readonly WantedEntitlement[],
  can: Capabilities,
): Held | undefined {
  return operations.reduce<Held | undefined>((now, operation) => after(operation, now, wanted, can), held)
}

function after(
  operation: Operation,
  held: Held | undefined,
  wanted: readonly WantedEntitlement[],
  can: Capabilities,
): Held | undefined {
  if (operation.op === 'create') {
    if (held) throw new Error('creates an account that is there')
    const { login, profile, entitlements } = operation.draft
    const state = can.account.create === 'invite' ? 'invited' : 'active'
    const account = changed(
      anAccount({ login, profile, state, entitlements: [] }),
      { assign: entitlements, revoke: [] },
      can,
    )
    return { account, granted: grantedAfter([], wanted, entitlements, can) }
  }
  if (!held) throw new Error(`${operation.op} without an account`)
  const { account } = held
  switch (operation.op) {
    case 'activate':
      return { ...held, account: { ...account, state: 'active' } }
    case 'update': {
      const profile = Object.entries({ ...account.profile, ...operation.change }).filter(
        ([, value]) => value !== null,
      )
      return { ...held, account: { ...account, profile: Object.fromEntries(profile) } }
    }
    case 'change-entitlements':
      return {
        account: changed(account, operation.change, can),
        granted: grantedAfter(held.granted, wanted, operation.change, can),
      }
    case 'end-sessions':
      return held
    case 'shut-out': {
      const left = stepTaken(operation.steps[0], account, can)
      return left && { account: left, granted: [] }
    }
  }
}

/** The account after a vendor took one step. */
export function stepTaken(
  step: ShutOutStep | undefined,
  account: Account,
  can: Capabilities,
): Account | undefined {
  if (step === 'disable') return { ...account, state: 'disabled' }
  if (step === 'strip') return { ...account, entitlements: floored([], can) }
  return undefined
}

function changed(account: Account, { assign, revoke }: EntitlementChange, can: Capabilities): Account {
  const isOne = ({ kind }: EntitlementRef): boolean => can.entitlements[kind]?.perAccount === 'one'
  const gone = new Set([...revoke, ...assign].map(entitlementKey))
  const filled = new Set(assign.filter(isOne).map(slotOf))
  const kept = account.entitlements.filter(
    (each) =>
      each.inherited || !(gone.has(entitlementKey(each)) || (isOne(each) && filled.has(slotOf(each)))),
  )
  return { ...account, entitlements: floored([...kept, ...assign], can) }
}

/** A vendor fills an empty slot of a kind that has a floor by itself. */
function floored(entitlements: readonly HeldEntitlement[], can: Capabilities): readonly HeldEntitlement[] {
  const missing = (['role', 'group'] as const).flatMap((kind) => {
    const support = can.entitlements[kind]
    const [id] = support?.floor ?? []
    const isFilled = entitlements.some((each) => !each.inherited && slotOf(each) === slotOf({ kind }))
    return support?.perAccount !== 'one' || id === undefined || isFilled ? [] : [{ kind, id }]
  })
  return [...entitlements, ...missing]
}
