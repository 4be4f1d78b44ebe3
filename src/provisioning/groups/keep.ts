import { ignoring, VendorError } from '../../model/errors.ts'
import { matching } from '../../config/matching.ts'
import { groupWanted } from '../../translators/rules/vendor-groups.ts'
import { isSameName, judge, make } from './make.ts'
import type { LinkedGroup } from '../../model/group-work.ts'
import {
  keepLinked,
  marked,
  provenGroup,
  refusedGroup,
  waitingGroup,
  type GroupEnding,
  type GroupRun,
} from './run.ts'
import { backoffMs } from '../backoff.ts'

const shadowLookMs = 60 * 60_000

/** What the rules want of the vendor's group, and the calls that make it so. */
export async function look(run: GroupRun): Promise<GroupEnding> {
  const { connection, work } = run
  const { policy } = connection
  const name = work.group && groupWanted(policy, work.group, { matching })
  if (name === undefined && !run.linked && !work.open) return 'forgotten'
  if (policy.mode === 'shadow') {
    return waitingGroup(run, 'shadow', 'The mode is shadow: nothing is written.', shadowLookMs)
  }
  const recovered = await recover(run)
  if (recovered) return recovered
  if (!work.group) return remove(run)
  // The rule went, or does not mean this Group any more: the people go by their own plans, the group is left as it is.
  if (name === undefined) return run.linked ? provenGroup(run) : 'forgotten'
  if (!run.linked) return make(run, name)
  return (work.uncertain ? await confirm(run, run.linked, name) : undefined) ?? follow(run, run.linked, name)
}

/** Reads a group that a reconciliation did not find as it is held. Undefined: it is there, under the name that it is held to have. */
async function confirm(run: GroupRun, linked: LinkedGroup, name: string): Promise<GroupEnding | undefined> {
  const { target } = run.connection
  const { findGroups, renameGroup } = target
  await run.connection.tenant(0)
  const called = (await findGroups?.(linked.name)) ?? []
  if (called.some(({ id }) => id === linked.id)) return undefined
  let unread = 0
  const groups = (await target.catalogue(() => void unread++)).filter(({ kind }) => kind === 'group')
  const there = groups.find(({ id }) => id === linked.id)
  if (!there && unread > 0)
    throw new VendorError('unexpected', 'a group that may be the linked one cannot be read', {
      vendor: run.connection.vendor,
      operation: 'catalogue',
    })
  if (!there) return remake(run, name)
  if (isSameName(there.name, linked.name) || !linked.madeHere || !renameGroup) return undefined
  const renamed = await marked(run, { op: 'rename-group', id: linked.id, name }, async () => {
    return { brought: (await renameGroup(linked.id, name)).group }
  })
  await renamedTo(run, linked, { id: renamed.id, name })
  return provenGroup(run)
}

/** Somebody removed it there. */
async function remake(run: GroupRun, name: string): Promise<GroupEnding> {
  run.log.warn('the linked group is gone at the vendor')
  await keepLinked(run, 'gone')
  return make(run, name)
}

/** A mark of a write that may or may not have reached the vendor: the vendor is read before anything is written again. */
async function recover(run: GroupRun): Promise<GroupEnding | undefined> {
  const { open } = run.work
  const { findGroups } = run.connection.target
  if (!open || !findGroups) return undefined
  const { operation, openedAt } = open
  run.log.info({ operation: operation.op, openedAt }, 'reading after an uncertain write')
  if (operation.op === 'create-group' && !run.linked) {
    const found = await findGroups(operation.name)
    if (found.length === 0) return undefined
    const ending = await judge(run, operation.name, found.length === 1 ? found[0] : undefined, openedAt)
    return run.linked ? undefined : ending
  }
  if (operation.op === 'rename-group' && run.linked) {
    const [renamed] = await findGroups(operation.name)
    const isOurs =
      renamed && (renamed.id === operation.id || (await findGroups(run.linked.name)).length === 0)
    if (isOurs) await renamedTo(run, run.linked, { id: renamed.id, name: operation.name })
  }
  return undefined
}

/** The vendor's group takes the name that is wanted now, if Drawbridge made it; otherwise the group of that name is taken. */
async function follow(run: GroupRun, linked: LinkedGroup, name: string): Promise<GroupEnding> {
  if (linked.name === name) return provenGroup(run)
  const { target } = run.connection
  const { renameGroup } = target
  const shared = await run.deps.links.sharing(run.lease.current(), linked.tenant ?? '', linked.id)
  if (shared.here && linked.madeHere) await run.deps.links.handOver(run.lease.current(), linked.id)
  if (!linked.madeHere || shared.here || !renameGroup) {
    await keepLinked(run, null)
    return make(run, name)
  }
  const renamed = await marked(run, { op: 'rename-group', id: linked.id, name }, async () => {
    const { group } = await renameGroup(linked.id, name)
    return { brought: group }
  }).catch(ignoring('not-found'))
  if (!renamed) return remake(run, name)
  await renamedTo(run, linked, { id: renamed.id, name })
  return provenGroup(run)
}

async function renamedTo(
  run: GroupRun,
  linked: LinkedGroup,
  now: { id: string; name: string },
): Promise<void> {
  if (now.id !== linked.id) await run.deps.links.rewrite(run.lease.current(), linked.id, now.id)
  await keepLinked(run, { ...linked, ...now })
}

/**
 * The SCIM Group is gone. What Drawbridge made goes too, after the people were taken out one by one, past the guards; what
 * somebody else made stays.
 */
async function remove(run: GroupRun): Promise<GroupEnding> {
  const { connection, linked, deps } = run
  if (!linked?.madeHere) return 'forgotten'
  const { removeGroup } = connection.target
  const lease = run.lease.current()
  if ((await deps.links.sharing(lease, linked.tenant ?? '', linked.id)).here) {
    await deps.links.handOver(lease, linked.id)
    return 'forgotten'
  }
  if (connection.policy.mode === 'approve') {
    const detail = `The mode is approve: "${linked.name}" is left for an operator to remove at ${connection.name}.`
    return waitingGroup(run, 'approval', detail, shadowLookMs)
  }
  const members = await deps.links.grantedTo(lease, linked.id)
  if (members > 0) {
    const detail = `${members} people are still in "${linked.name}"; it is removed after them.`
    return waitingGroup(run, 'waiting-group', detail, backoffMs(run.work.attempts + 1))
  }
  if (!removeGroup)
    return refusedGroup(run, 'unsupported', `${connection.name} cannot remove groups; remove it there.`)
  const removed = await marked(run, { op: 'remove-group', id: linked.id }, async () => {
    // A SCIM Group of the same name may have come back since; from the mark on it waits.
    if ((await deps.links.sharing(lease, linked.tenant ?? '', linked.id)).here) return { brought: false }
    await removeGroup(linked.id)
    return { linked: null, brought: true }
  })
  if (!removed) await deps.links.handOver(run.lease.current(), linked.id)
  return 'forgotten'
}
