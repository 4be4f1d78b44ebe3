import { VendorError } from '../../model/errors.ts'
import type { Target } from '../../vendors/contract.ts'
import {
  type GroupEnding,
  type GroupRun,
  keepLinked,
  marked,
  provenGroup,
  refusedGroup,
  waitingGroup,
} from './run.ts'
import type { VendorGroup } from '../../model/account.ts'
import { backoffMs } from '../backoff.ts'

/** Whether two names of a group may be the same, whatever a vendor makes of letter case, spaces and signs. */
export function isSameName(one: string, other: string): boolean {
  return bare(one) === bare(other)
}

function bare(name: string): string {
  const letters = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '')
  return letters === '' ? name.trim() : letters
}

/** Clocks of vendors and stores may differ by this much. */
const clockToleranceMs = 5 * 60_000
const askAgainMs = 60 * 60_000

/** Makes the vendor's group of this name, or takes the one that is there, as far as the policy allows. */
export async function make(run: GroupRun, name: string): Promise<GroupEnding> {
  const { target, can } = run.connection
  const { createGroup } = target
  if (!can.groups || !createGroup) return takeFromCatalogue(run, name)
  const tenant = await run.connection.tenant()
  const created = await marked(run, { op: 'create-group', name }, async () => {
    const { outcome, group } = await createGroup(name)
    if (outcome === 'exists') return { brought: { exists: group } }
    if (!group) throw unseen(run)
    return { linked: { id: group.id, name, madeHere: true, tenant }, brought: undefined }
  })
  // A write before this one may have got through late: what it made is ours all the same.
  if (created) return judge(run, name, created.exists, run.work.open?.openedAt)
  await leaveBehind(run, target)
  await refreshTeams(run)
  return provenGroup(run)
}

/** Decides whose the group is that has the name already. `ownSince`: our own uncertain creation began then. */
export async function judge(
  run: GroupRun,
  name: string,
  found: VendorGroup | undefined,
  ownSince?: string,
): Promise<GroupEnding> {
  const { connection } = run
  const { adopt } = connection.policy
  if (!found) {
    const detail = `${connection.name} says that "${name}" exists, yet shows no such group, or several, or one of its own system: choose another name.`
    return refusedGroup(run, 'conflict', detail)
  }
  const tenant = await connection.tenant()
  const others = await run.deps.links.sharing(run.lease.current(), tenant, found.id)
  if (others.elsewhere) {
    const detail = `"${found.name}" is kept by another connection of the same tenant; choose another name.`
    return refusedGroup(run, 'conflict', detail)
  }
  if (others.removing) {
    const detail = `"${found.name}" is being removed for another SCIM Group of this name; it is made anew after that.`
    return waitingGroup(run, 'waiting-group', detail, backoffMs(run.work.attempts + 1))
  }
  if (others.here) {
    // Its keeper is another SCIM Group that means the same name.
    await keepLinked(run, { id: found.id, name, madeHere: false, tenant: undefined })
    return provenGroup(run)
  }
  if (ownSince !== undefined && isSince(found, ownSince)) {
    await keepLinked(run, { id: found.id, name, madeHere: true, tenant })
    return provenGroup(run)
  }
  if (adopt === 'never') {
    const detail = `"${found.name}" is there already, and adopt: never leaves it alone. Rename or remove it there, or choose another name.`
    return refusedGroup(run, 'adopt-refused', detail)
  }
  if (adopt === 'ask') {
    const detail = `"${found.name}" is there already. Rename or remove it there, or say adopt: always to take it.`
    return waitingGroup(run, 'ambiguous', detail, askAgainMs)
  }
  await keepLinked(run, { id: found.id, name, madeHere: false, tenant })
  run.log.info({ vendorGroupId: found.id }, 'group adopted')
  return provenGroup(run)
}

function isSince({ createdAt }: VendorGroup, since: string): boolean {
  return createdAt === undefined || Date.parse(createdAt) >= Date.parse(since) - clockToleranceMs
}

/** A profile that makes no groups can still take one that is there. */
async function takeFromCatalogue(run: GroupRun, name: string): Promise<GroupEnding> {
  const entries = await run.connection.catalogue({ refresh: true })
  const folded = name.trim().toLowerCase()
  const isMeant = (text: string): boolean => text.trim().toLowerCase() === folded
  const found = entries.filter((each) => each.kind === 'group' && (isMeant(each.id) || isMeant(each.name)))
  const [only, another] = found
  if (only && !another) return judge(run, name, only)
  const detail = another
    ? `several groups are called "${name}" at ${run.connection.name}.`
    : `this API profile of ${run.connection.name} makes no groups, and "${name}" is not there. Make it by hand.`
  return refusedGroup(run, 'unsupported', detail)
}

/** Where whoever makes a group is in it at once, the gateway's own identity leaves it again. A refusal costs nobody anything. */
async function leaveBehind(run: GroupRun, target: Target): Promise<void> {
  const self = await run.connection.self()
  if (!run.connection.can.groups?.creatorJoins || self === undefined || !run.linked) return
  const revoke = [{ kind: 'group', id: run.linked.id } as const]
  await target.changeEntitlements(self, { assign: [], revoke }).catch((error: unknown) => {
    if (!(error instanceof VendorError)) throw error
    run.log.warn({ failure: error.failure }, 'the own identity stays in the group that it made')
  })
}

/** Rules about roles in a team find the new one only in the catalogue. */
async function refreshTeams(run: GroupRun): Promise<void> {
  if (!run.connection.policy.rules.some(({ scope }) => scope && 'team' in scope)) return
  await run.connection.catalogue({ refresh: true, maxAgeMs: 0 }).catch((error: unknown) => {
    if (!(error instanceof VendorError)) throw error
    run.log.warn({ failure: error.failure }, 'catalogue not refreshed after a new group')
  })
}

function unseen({ connection }: GroupRun): VendorError {
  const details = { vendor: connection.vendor, operation: 'createGroup' }
  return new VendorError('unexpected', 'the vendor confirmed the creation without the group', details)
}
