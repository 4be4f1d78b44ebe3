import { isProtected, takesAway } from '../../translators/guarded.ts'
import type { JournalOperation } from '../../model/plan.ts'
import { loginOf } from '../../translators/person.ts'
import type { Account } from '../../vendors/contract.ts'
import { failureOf, type Run } from '../account/run.ts'
import type { AccountFailure } from '../../model/work.ts'

/**
 * What must never be written, whoever wants it: changes to a protected account or to the gateway's own identity, taking access
 * from the last owner or super user, writes to accounts that somebody else manages. Undefined: go on.
 */
export async function objectionTo(
  run: Run,
  account: Account,
  operations: readonly JournalOperation[],
): Promise<AccountFailure | undefined> {
  if (operations.length === 0) return undefined
  const { name } = run.connection
  if (protects(run, account)) return protectedFailure(run, account.login)
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
      `${account.login} is the last owner or super user at ${name}; make somebody else one first.`,
    )
  }
  return undefined
}

/** Whether `guard.protect` names the account, or the person as the directory knows them. */
function protects({ connection: { policy }, work }: Run, account: Account): boolean {
  const { resource } = work.user
  const { userName } = resource as { readonly userName?: unknown }
  const logins = [account.login, account.profile.email, loginOf(resource, policy.login)]
  return isProtected([...logins, typeof userName === 'string' ? userName : undefined], policy.guard.protect)
}

function protectedFailure(run: Run, login: string): AccountFailure {
  const detail = `${login} is protected at ${run.connection.name} (guard.protect) and never changed. Take it off that list first, or change the account there by hand.`
  return failureOf(run, 'protected', detail)
}

/** Only a fresh read can tell whether an owner is the last one. */
export function needsFreshRead(account: Account, operations: readonly JournalOperation[]): boolean {
  return account.privileged && operations.some(takesAway)
}
