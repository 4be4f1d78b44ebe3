import type { Capabilities } from '../model/capabilities.ts'
import type { Held, JournalOperation } from '../model/plan.ts'
import type { Account } from '../model/account.ts'
import { slotOf } from './entitlements/keys.ts'

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
