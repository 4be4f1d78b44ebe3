import { VendorError } from '../../model/errors.ts'
import type { Held, JournalOperation, Operation, Wanted, WantedEntitlement } from '../../model/plan.ts'
import { changesInOrder, grantedAfterSettings, powersOff } from '../../translators/entitlements/difference.ts'
import { afterSwitch, grantedAfter, slotOf } from '../../translators/granted.ts'
import { type AccountSettings, type Capabilities } from '../../model/capabilities.ts'
import { type Receipt } from '../../vendors/contract.ts'
import { type Close, journaled, noteChange, type Run, seenThrough, unlink, type Written } from './run.ts'
import {
  type Account,
  type AccountDraft,
  type EntitlementChange,
  entitlementKey,
  type ProfileChange,
} from '../../model/account.ts'

/** The account as it is after a change of entitlements that the vendor confirmed. */
function afterChange(account: Account, change: EntitlementChange, can: Capabilities): Account {
  const gone = new Set(change.revoke.map(entitlementKey))
  const slots = new Set(
    change.assign.filter(({ kind }) => can.entitlements[kind]?.perAccount === 'one').map(slotOf),
  )
  const assigned = new Set(change.assign.map(entitlementKey))
  const kept = account.entitlements.filter((held) => {
    if (held.inherited) return true
    const key = entitlementKey(held)
    return !gone.has(key) && !assigned.has(key) && !slots.has(slotOf(held))
  })
  return { ...withSettings(account, change.settings), entitlements: [...kept, ...change.assign] }
}

function withSettings(account: Account, settings: AccountSettings | undefined): Account {
  return settings ? { ...account, settings: { ...account.settings, ...settings } } : account
}

/** The account as it is after a change of profile that the vendor confirmed. */
function afterUpdate(
  account: Account,
  change: ProfileChange,
  { correlateBy: [loginAttribute] }: Capabilities,
  settings?: AccountSettings,
): Account {
  const profile = Object.fromEntries(
    Object.entries({ ...account.profile, ...change }).filter(
      (entry): entry is [string, string] => entry[1] != null,
    ),
  )
  return { ...withSettings(account, settings), profile, login: change[loginAttribute] ?? account.login }
}

/**
 * The changes that take away everything an account holds directly, down to the vendor's floor, as many calls as the
 * vendor needs. Empty when nothing is left to take. What is inherited cannot be taken here.
 */
export function stripChanges(account: Account, can: Capabilities): readonly EntitlementChange[] {
  const excess = account.entitlements.filter(
    (held) => !held.inherited && !can.entitlements[held.kind]?.floor?.includes(held.id),
  )
  // A kind of which one must be held falls to its lowest; scoped roles simply go.
  const assign = excess.flatMap(({ kind, scope }) => {
    const [lowest] = can.entitlements[kind]?.floor ?? []
    return lowest === undefined || scope ? [] : [{ kind, id: lowest }]
  })
  const replaced = new Set(assign.map(slotOf))
  const revoke = excess.filter(
    (held) => can.entitlements[held.kind]?.perAccount !== 'one' || !replaced.has(slotOf(held)),
  )
  const changes = changesInOrder({ assign, revoke }, can)
  const settings = powersOff(account, can)
  if (!settings) return changes
  const [first = { assign: [], revoke: [] }, ...rest] = changes
  return [{ ...first, settings }, ...rest]
}

type Present = Extract<Wanted, { kind: 'present' }>
type PresentOperation = Exclude<Operation, { op: 'shut-out' | 'end-sessions' }>

/** `exists`: the vendor has an account under this login already, the one shown if it can be told; nothing was written. */
export type Executed = 'done' | { readonly exists: Account | undefined }

/** Makes the one vendor call of an operation, journaled, and keeps what it changed. `close`: as for `journaled`. */
export async function execute(
  run: Run,
  operation: PresentOperation,
  wanted: Pick<Present, 'entitlements' | 'settings'>,
  close?: Close,
): Promise<Executed> {
  if (operation.op === 'create') return create(run, operation.draft, wanted, close)
  const id = linked(run)
  const { target } = run.connection
  switch (operation.op) {
    case 'activate':
      await write(
        run,
        operation,
        () => setActive(run, id, true),
        (held) => ({
          ...held,
          account: { ...afterSwitch(held.account, run.connection.can), state: 'active' },
        }),
        close,
      )
      break
    case 'update':
      await write(
        run,
        operation,
        () => target.update(id, operation.change, operation.settings),
        (held) => ({
          ...held,
          account: afterUpdate(held.account, operation.change, run.connection.can, operation.settings),
          granted: grantedAfterSettings(held.granted, wanted.settings ?? {}, operation.settings ?? {}),
        }),
        close,
      )
      break
    case 'change-entitlements':
      await changeEntitlements(run, operation.change, wanted.entitlements, close)
      break
  }
  return 'done'
}

/** Assigns and revokes in one call; used by plans and by the `strip` step alike. */
export async function changeEntitlements(
  run: Run,
  change: EntitlementChange,
  wanted: readonly WantedEntitlement[],
  close?: Close,
  known?: Account,
): Promise<void> {
  const { target, can } = run.connection
  await write(
    run,
    { op: 'change-entitlements', change },
    () => target.changeEntitlements(linked(run), change, known),
    (held) => ({
      ...held,
      account: afterChange(held.account, change, can),
      granted: grantedAfter(held.granted, wanted, change, can),
      recent: noteChange(held.recent, change, { now: run.deps.now(), lagMs: can.readLagMs }),
    }),
    close,
  )
}

async function create(
  run: Run,
  draft: AccountDraft,
  wanted: Pick<Present, 'entitlements' | 'settings'>,
  close: Close | undefined,
): Promise<Executed> {
  const vendorTenant = await run.connection.tenant()
  let executed: Executed = 'done'
  const call = async (): Promise<Written> => {
    const { outcome, account, requestId } = await run.connection.target.create(draft, run.secret)
    run.connection.writes.worked()
    if (outcome === 'exists') {
      executed = { exists: account }
      return { closing: { outcome: 'refused', ...asRequest(requestId) } }
    }
    // A vendor that says "created" and shows nothing has told us nothing: the row stays open, the next run looks.
    if (!account) throw unseen(run)
    const assigned = grantedAfter([], wanted.entitlements, { assign: draft.entitlements, revoke: [] })
    const granted = grantedAfterSettings(assigned, wanted.settings ?? {}, draft.settings ?? {})
    return {
      closing: { outcome: 'done', after: account, ...asRequest(requestId) },
      update: {
        vendorAccountId: account.id,
        vendorTenant,
        held: { account, granted, reinvitedAt: run.reinvitedAt },
      },
    }
  }
  await journaled(run, { op: 'create', draft }, call, close)
  return executed
}

function unseen({ connection }: Run): VendorError {
  return new VendorError('unexpected', 'the vendor confirmed the creation without the account', {
    vendor: connection.vendor,
    operation: 'create',
  })
}

/** Turns the off switch. */
export function setActive(
  { connection: { target, vendor } }: Run,
  id: string,
  active: boolean,
): Promise<Receipt> {
  if (target.setActive) return target.setActive(id, active)
  throw new VendorError('unsupported', 'the vendor has no off switch', { vendor, operation: 'setActive' })
}

/** A journaled call on the linked account; `effect` is how it changes what is held, null when nothing is any more. */
export async function write(
  run: Run,
  operation: JournalOperation,
  call: () => Promise<Receipt>,
  effect: (held: Held) => Held | null,
  close?: Close,
): Promise<void> {
  const written = async (): Promise<Written> => {
    const { requestId } = await call()
    run.connection.writes.worked()
    const held = run.held && effect(run.held)
    return {
      closing: { outcome: 'done', after: held?.account ?? null, ...asRequest(requestId) },
      ...(held === undefined ? {} : { update: held === null ? unlink : { held } }),
    }
  }
  await journaled(run, operation, written, close)
}

function asRequest(requestId: string | undefined): { vendorRequestId?: string } {
  return requestId === undefined ? {} : { vendorRequestId: requestId }
}

/** The vendor's id of the linked account. Callers have linked one. */
export function linked({ link, work }: Run): string {
  if (link === undefined) throw new Error(`account ${work.accountId} is not linked`)
  return link
}

/** Reads the linked account anew, or only what tells of its access. Undefined when the vendor says that it is gone. */
export async function refresh(run: Run, what: 'all' | 'access' = 'all'): Promise<Account | undefined> {
  const { target, can } = run.connection
  const account = await target.get(linked(run), what === 'access' ? run.held?.account : undefined)
  return account && seenThrough(account, run.held?.recent, { now: run.deps.now(), lagMs: can.readLagMs })
}
