import { grantedAfter } from '../../translators/granted.ts'
import { loginOf } from '../../translators/person.ts'
import type { Snapshot } from '../../model/plan.ts'
import { grantedAfterSettings } from '../../translators/settings.ts'
import { type AccountSettings } from '../../model/capabilities.ts'
import { adopt, dropLink, findAccount } from './correlate.ts'
import { refresh } from './execute.ts'
import { keep, learn, type Ending, type Run } from './run.ts'
import type { OpenOperation } from '../../model/work.ts'
import { type Account, type EntitlementChange, entitlementKey } from '../../model/account.ts'
import { settingKey } from '../../translators/entitlements/keys.ts'
import { iso } from '../engine/look.ts'

/**
 * An open journal row is a write that may or may not have reached the vendor: the vendor is read, by id or by
 * correlation, and what it shows becomes held, before anything is written again.
 */
export async function recover(run: Run): Promise<Ending | undefined> {
  for (const row of run.work.openOperations) {
    run.log.info({ operation: row.operation.op, openedAt: row.openedAt }, 'reading after an uncertain write')
    const ending = run.link === undefined ? await afterCreate(run, row) : await afterWrite(run, row)
    if (ending) return ending
    await run.deps.queue.close(run.lease.current(), row.id, {
      outcome: 'settled',
      after: run.held?.account ?? null,
    })
  }
  return undefined
}

async function afterCreate(run: Run, row: OpenOperation): Promise<Ending | undefined> {
  const draft = row.operation.op === 'create' ? row.operation.draft : undefined
  const login = draft?.login ?? loginOf(run.work.user.resource, run.connection.policy.login)
  if (login === undefined) return undefined
  const found = await findAccount(run, {
    login,
    shutOut: !run.work.user.active,
    ...(draft ? { ownOpenCreateAt: row.openedAt } : {}),
  })
  const adopted = await adopt(run, found)
  if (adopted === 'none') return undefined
  if (adopted !== 'linked') return adopted
  if (draft) await claimGrants(run, { assign: draft.entitlements, revoke: [] })
  if (draft?.settings) await claimSettings(run, draft.settings)
  return undefined
}

async function afterWrite(run: Run, { operation }: OpenOperation): Promise<undefined> {
  const account = await refresh(run)
  if (!account) {
    const { active, deleted } = run.work.user
    // A shut-out proves the absence itself, and needs the login that the vendor knew.
    if (active && !deleted) await dropLink(run)
    return undefined
  }
  await keep(run, account)
  if (operation.op === 'renew-invitation' && account.facts.invitation !== 'expired') {
    await learn(run, { held: { ...run.held!, reinvitedAt: iso(run.deps.now()) } })
  }
  if (operation.op === 'change-entitlements') await claimGrants(run, operation.change)
  if (operation.op === 'update' && operation.settings) await claimSettings(run, operation.settings)
  return undefined
}

/**
 * What our own uncertain write asked for and the account now holds, Drawbridge granted: unless it was giving back, on a
 * return, what somebody had granted by hand. Unclaimed grants would never be revoked.
 */
async function claimGrants(run: Run, change: EntitlementChange): Promise<void> {
  const { held, snapshot } = run
  if (!held) return
  const holds = keysOf(held.account)
  const byHand = new Set(snapshot?.entitlements.map(entitlementKey))
  for (const { key } of snapshot?.granted ?? []) byHand.delete(key)
  const assign = change.assign.filter((ref) => holds.has(entitlementKey(ref)))
  const revoke = change.revoke.filter((ref) => !holds.has(entitlementKey(ref)))
  const ours = assign
    .filter((ref) => !byHand.has(entitlementKey(ref)))
    .map((ref) => ({ ref, name: ref.id, reasons: [], wishes: [] }))
  const granted = grantedAfter(held.granted, ours, { assign, revoke }, run.connection.can)
  await learn(run, { held: { ...held, granted } })
}

/** Likewise for settings; what was switched off is nobody's any more. */
async function claimSettings(run: Run, settings: AccountSettings): Promise<void> {
  const { held, snapshot, connection } = run
  if (!held) return
  const shown = Object.entries(settings).filter(([name, value]) => held.account.settings?.[name] === value)
  const isOurs = ([name, value]: readonly [string, unknown]): boolean =>
    connection.can.settings?.[name]?.off !== value && !isByHand(snapshot, name, value)
  const ours = Object.fromEntries(shown.filter(isOurs))
  const granted = grantedAfterSettings(held.granted, ours, Object.fromEntries(shown))
  await learn(run, { held: { ...held, granted } })
}

function isByHand(snapshot: Snapshot | undefined, name: string, value: unknown): boolean {
  return (
    snapshot?.settings?.[name] === value && !snapshot?.granted.some(({ key }) => key === settingKey(name))
  )
}

function keysOf({ entitlements }: Account): ReadonlySet<string> {
  return new Set(entitlements.filter(({ inherited }) => !inherited).map(entitlementKey))
}
