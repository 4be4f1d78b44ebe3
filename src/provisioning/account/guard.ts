import type { Operation } from '../../translators/model.ts'
import type { Account } from '../../vendors/contract.ts'
import { failureOf, type Run } from './run.ts'
import type { AccountFailure } from '../ports.ts'

/**
 * What must never be written, whoever wants it: changes to the gateway's own identity, taking access from the last
 * owner, writes to accounts that somebody else manages. Undefined: go on.
 */
export async function objectionTo(
  run: Run,
  account: Account,
  operations: readonly Operation[],
): Promise<AccountFailure | undefined> {
  if (operations.length === 0) return undefined
  const { name } = run.connection
  if ((await run.connection.self()) === account.id) {
    return failureOf(
      run,
      'own-identity',
      `${account.login} is the account that Drawbridge itself uses at ${name}; it is never changed. Use other credentials for the connection first.`,
    )
  }
  if (account.facts.managedBy !== undefined) {
    return failureOf(
      run,
      'managed-elsewhere',
      `${account.login} is managed by ${account.facts.managedBy} at ${name}, which refuses our writes. Switch that off there first.`,
    )
  }
  if (account.facts.lastOwner && operations.some(takesAway)) {
    return failureOf(
      run,
      'last-owner',
      `${account.login} is the last owner at ${name}; make somebody else an owner first.`,
    )
  }
  return undefined
}

/** Only a fresh read can tell whether an owner is the last one. */
export function needsFreshRead(account: Account, operations: readonly Operation[]): boolean {
  return account.privileged && operations.some(takesAway)
}

function takesAway(operation: Operation): boolean {
  if (operation.op === 'shut-out') return true
  return (
    operation.op === 'change-entitlements' &&
    [operation.change.revoke, roles(operation)].some(({ length }) => length > 0)
  )
}

/** Assigning a role may replace the owner role. */
function roles(operation: Extract<Operation, { op: 'change-entitlements' }>): readonly unknown[] {
  return operation.change.assign.filter(({ kind }) => kind === 'role')
}
