import type { Account, AccountSummary } from '../../model/account.ts'
import type { Held } from '../../model/plan.ts'
import type { LiveConnection } from '../../provisioning/connections.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { correlate } from '../../translators/correlation.ts'
import { isLogin } from '../../translators/person.ts'
import { keepList, ListingRefused } from '../reconciliation/listing.ts'
import type { ReconciliationDeps } from '../reconciliation/reconciliation.ts'
import { beginRun, failRun, finishRun, type ReconciliationRun } from '../reconciliation/store.ts'
import { place, type Placed, type Placement, unplaced, type Unplaced } from './store.ts'

/**
 * Makes Users of the vendor's accounts that have no person: unclaimed, so that nothing is planned for them until the identity
 * provider writes to them. An account that would be adopted is linked, so that the claim costs no second account; what is in
 * doubt is linked by the claim itself; what cannot be told apart waits for a decision. Writes nothing to the vendor.
 */
export async function importAccounts(
  { db, connections, notices, log }: ReconciliationDeps,
  connectionId: string,
  signal: AbortSignal,
): Promise<ReconciliationRun | undefined> {
  const opened = connections.byId(connectionId)
  if (!opened) return undefined
  const run = await beginRun(db, connectionId, 'import')
  return opened.patiently(async () => {
    try {
      const connection = await opened.ready()
      if (run.progress.phase === 'listing') await keepList(run, { db, connection, signal })
      const counts = await placeAll(db, run, connection, signal)
      const done = await finishRun(db, run, counts)
      const decision = { kind: 'decision-needed', connectionId, subject: 'import' } as const
      const which = counts.undecided === 1 ? '1 account needs' : `${counts.undecided} accounts need`
      const text = `${which} a decision at ${opened.name}: import each as a User, link it to one, or ignore it.`
      await (counts.undecided > 0 ? notices.raise({ ...decision, text }) : notices.resolve(decision))
      log.info({ connection: opened.name, ...counts }, 'accounts imported')
      return done
    } catch (error) {
      if (signal.aborted) throw error
      if (!(error instanceof ListingRefused) && (error as Error).name !== 'VendorError') throw error
      log.warn({ connection: opened.name, error: (error as Error).message }, 'import refused')
      return failRun(db, run, (error as Error).message)
    }
  })
}

async function placeAll(
  db: Sql,
  run: ReconciliationRun,
  connection: LiveConnection,
  signal: AbortSignal,
): Promise<Placed> {
  const [self, vendorTenant] = await Promise.all([connection.self(), connection.tenant()])
  let { position } = run.progress
  const done = { imported: 0, linked: 0, undecided: 0 }
  for (;;) {
    signal.throwIfAborted()
    const page = await unplaced(db, run, position)
    const last = page.at(-1)
    if (!last) return done
    position = last.account.id
    const placements = page.flatMap((each) => placementOf(each, self, connection) ?? [])
    const { imported, linked, undecided } = await place(db, run, {
      position,
      vendorTenant,
      placements,
    })
    done.imported += imported
    done.linked += linked
    done.undecided += undecided
  }
}

/** Undefined: nothing is to be done, because the account is nobody's or its person is provisioned in the usual way. */
function placementOf(
  { account, userIds, decision, linkedElsewhere, namesakes }: Unplaced,
  self: string | undefined,
  { policy }: LiveConnection,
): Placement | undefined {
  const held = heldOf(account)
  if (account.id === self || linkedElsewhere || decision?.decision === 'ignore') return undefined
  if (decision?.decision === 'link') return { kind: 'link', account, userId: decision.userId, ...held }
  const isDecided = decision?.decision === 'import'
  const userName = loginOf(account)
  if (userName === undefined)
    return waits(account, `${account.login} is not an e-mail address, and the account has none.`)
  if (userIds.length > 1)
    return waits(account, `${account.login} may be any of ${userIds.length} Users of the directory.`)
  // The person is known and has no account here yet: a run looks for it by login.
  if (userIds.length === 1) return undefined
  if (namesakes > 0 && !isDecided) return waits(account, `Several accounts have the login ${account.login}.`)
  const found = correlate([{ entitlements: [], ...account }], {
    login: userName,
    adopt: policy.adopt,
    shutOut: false,
    linkedElsewhere: () => false,
    ...(self === undefined ? {} : { self }),
  })
  const link = found.kind === 'adopt' || isDecided
  return { kind: 'user', account, userName, body: bodyOf(account, userName), link, ...held }
}

/** Where the list does not show entitlements nothing can be said to be held. */
function heldOf(account: AccountSummary): { readonly held?: Held } {
  return account.entitlements ? { held: { account: account as Account, granted: [] } } : {}
}

function loginOf({ login, profile }: AccountSummary): string | undefined {
  return [login, profile.email].find((each) => each !== undefined && isLogin(each.toLowerCase()))
}

function waits(account: AccountSummary, detail: string): Placement {
  return { kind: 'waits', account, detail }
}

/** A User of RFC 7643 §4.1 as far as the vendor knows the person. */
function bodyOf({ profile, state }: AccountSummary, userName: string): Readonly<Record<string, unknown>> {
  const { givenName, familyName, displayName, locale, email = userName } = profile
  const name = {
    ...(givenName === undefined ? {} : { givenName }),
    ...(familyName === undefined ? {} : { familyName }),
  }
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName,
    ...(Object.keys(name).length > 0 ? { name } : {}),
    ...(displayName === undefined ? {} : { displayName }),
    emails: [{ value: email, type: 'work', primary: true }],
    ...(locale === undefined ? {} : { locale }),
    active: state !== 'disabled',
  }
}
