import { type ClientSwitches, switchesOf } from './client-profiles.ts'
import { invalidValue, notFound, quoted, uniqueness } from './errors.ts'
import type { BoundPath } from './filter/ast.ts'
import { normaliseBody, replaceBody } from './normalise.ts'
import { applyPatch } from './patch/apply.ts'
import { memberDelta } from './members.ts'
import { parsePatch } from './patch/operations.ts'
import type { Actor, GroupWrite, MemberDelta, Precondition, StoredGroup } from './ports.ts'
import { represent } from './representation.ts'
import { locationOf, readMemberships, type Resources, type ScimPorts, type View } from './resources.ts'
import { groupModel } from './schema/model.ts'
import { checkBounds } from './values/bounds.ts'
import type { DirectoryRef, MemberRef, ResourceBody } from '../model/directory.ts'

/**
 * PATCH of a larger Group answers 204 where the client allows it: its members are not read for an answer, so that what
 * a PATCH costs does not depend on them.
 */
const mostMembersShown = 100

/** Fewer make no large answer; and what one of them adds to it. */
const fewMembers = 5_000
const bytesOfMember = 256

type Edit = (current: StoredGroup) => { readonly body: ResourceBody; readonly members: MemberDelta }

const untouched: MemberDelta = { clear: false, add: new Set(), remove: new Set() }
const idPath: BoundPath = { names: ['id'], type: 'string', caseExact: true, multiValued: false }
const idsAtOnce = 100

/** Groups: answered once recorded; what follows from them is shown per account. */
export function createGroups(ports: ScimPorts): Resources<StoredGroup> {
  const { directory, provisioning } = ports
  return {
    model: groupModel,
    find: (ref, id) => directory.group(ref, id),
    list: (ref, query) => directory.groups(ref, query),
    show: (ref, groups, view) => showGroups(ports, ref, groups, view),

    async create(actor, json) {
      const { client } = actor.directory
      const { body, members } = normaliseBody(groupModel, json, switchesOf(client), 'create')
      checkBounds(body)
      const delta: MemberDelta = { ...untouched, add: new Set(members) }
      await refuseUnknown(ports, actor, delta)
      return recorded(
        ports,
        actor,
        await directory.createGroup(actor, body, delta, { uniqueName: switchesOf(client).uniqueGroupNames }),
      )
    },

    async replace(actor, id, json, check) {
      const { body, members } = normaliseBody(groupModel, json, switchesOf(actor.directory.client), 'replace')
      const delta: MemberDelta = { clear: true, add: new Set(members), remove: new Set() }
      await refuseUnknown(ports, actor, delta)
      return update(ports, actor, id, check, (current) => ({
        body: replaceBody(groupModel, current.body, body),
        members: delta,
      }))
    },

    async patch(actor, id, json, check) {
      const switches = switchesOf(actor.directory.client)
      const operations = parsePatch(json, groupModel, switches)
      const { delta, alone } = memberDelta(operations, groupModel.rows, switches)
      if (mayLack(delta, switches) && (await directory.group(actor.directory, id))) {
        await refuseUnknown(ports, actor, delta)
      }
      if (alone && !check && switches.unknownMembers !== 'refuse') {
        const mostMembers = switches.groupPatchAnswer === 'by-size' ? mostMembersShown : undefined
        return recorded(ports, actor, await directory.changeMembers(actor, id, delta, { mostMembers }), id)
      }
      const edit: Edit = (current) => {
        const { body, members } = applyPatch(groupModel, current.body, operations, switches, { id })
        return { body, members: members ?? untouched }
      }
      return update(ports, actor, id, check, edit)
    },

    async remove(actor, id, check) {
      if ((await directory.deleteGroup(actor, id, check)) === 'not-found') throw notFound('Group', id)
      provisioning.wake()
    },

    showsPatched: (ref, group) => showsPatched(ports, ref, switchesOf(ref.client), group),
    acknowledge: async () => {},
  }
}

async function update(
  ports: ScimPorts,
  actor: Actor,
  id: string,
  check: Precondition | undefined,
  edit: Edit,
): Promise<StoredGroup> {
  const write = await ports.directory.updateGroup(
    actor,
    id,
    (current) => {
      check?.(current)
      const next = edit(current)
      if (next.body !== current.body) checkBounds(next.body, current.body)
      return next
    },
    { uniqueName: switchesOf(actor.directory.client).uniqueGroupNames, exact: check !== undefined },
  )
  return recorded(ports, actor, write, id)
}

function recorded({ provisioning, log }: ScimPorts, actor: Actor, write: GroupWrite, id = ''): StoredGroup {
  if (write.kind === 'not-found') throw notFound('Group', id)
  if (write.kind === 'duplicate') throw uniqueness('Another Group has this displayName')
  if (write.unknownMembers.length > 0) {
    const details = {
      requestId: actor.requestId,
      group: write.group.id,
      unknownMembers: write.unknownMembers.length,
    }
    log.info(details, 'members that are no users were left out')
  }
  if (write.due !== false) provisioning.wake()
  return write.group
}

/**
 * Members that are no Users. Some clients want all members or none; others lose a whole push over one id, for good
 * (Okta). When not one of those that are to replace the members is known, the Group would be emptied: that is refused.
 */
async function refuseUnknown({ directory }: ScimPorts, actor: Actor, delta: MemberDelta): Promise<void> {
  const switches = switchesOf(actor.directory.client)
  if (!mayLack(delta, switches)) return
  const wantsAll = switches.unknownMembers === 'refuse'
  const { add } = delta
  const unknown = new Set(add)
  const ids = [...add]
  for (let at = 0; at < ids.length; at += idsAtOnce) {
    const terms = ids
      .slice(at, at + idsAtOnce)
      .map((value) => ({ kind: 'compare', path: idPath, op: 'eq', value }) as const)
    const query = { filter: { kind: 'or', terms } as const, startIndex: 1, count: idsAtOnce }
    for (const { id } of (await directory.users(actor.directory, query)).resources) unknown.delete(id)
    if (!wantsAll && unknown.size < add.size) return
  }
  const [first] = unknown
  if (first !== undefined)
    throw invalidValue(
      `Member ${quoted(first)} is not a User of this directory. Add the person first, or leave the member out.`,
    )
}

/** Whether members that are no Users can be a reason to refuse. */
function mayLack({ add, clear }: MemberDelta, { unknownMembers }: ClientSwitches): boolean {
  return add.size > 0 && (clear || unknownMembers === 'refuse')
}

async function showsPatched(
  { directory }: ScimPorts,
  ref: DirectoryRef,
  { groupPatchAnswer }: ClientSwitches,
  { id, members }: StoredGroup,
): Promise<boolean> {
  if (groupPatchAnswer !== 'by-size') return groupPatchAnswer === 'body'
  if (members) return members !== 'many'
  return (await directory.memberCount(ref, id, mostMembersShown + 1)) <= mostMembersShown
}

async function showGroups(
  ports: ScimPorts,
  ref: DirectoryRef,
  asked: readonly StoredGroup[],
  { projection, baseUrl, room }: View,
): Promise<readonly Record<string, unknown>[]> {
  if (asked.length === 0) return []
  const { members, of = asked.length } = projection.wants('members')
    ? await membersOf(ports, ref, asked, room)
    : {}
  const groups = asked.slice(0, of)
  const none = members && switchesOf(ref.client).emptyMembers ? [] : undefined
  return groups.map((group) => {
    const shown = members?.get(group.id) ?? []
    return projection.apply(
      represent(groupModel, {
        ...group,
        location: locationOf(groupModel, group.id, baseUrl),
        members: shown.length > 0 ? shown : none,
      }),
    )
  })
}

/** By Group, of the first ones; those that came with their members are not asked for again. */
async function membersOf(
  { directory }: ScimPorts,
  ref: DirectoryRef,
  groups: readonly StoredGroup[],
  room: View['room'],
): Promise<{ readonly members?: ReadonlyMap<string, readonly MemberRef[]>; readonly of?: number }> {
  const [only] = groups
  if (groups.length === 1 && only && Array.isArray(only.members))
    return { members: new Map([[only.id, only.members]]) }
  if (groups.length === 1 && only && room) {
    const few = await directory.members(ref, [only.id], fewMembers)
    if (few.length < fewMembers) return { members: new Map([[only.id, few]]) }
    await room((await directory.memberCount(ref, only.id, 1_000_000)) * bytesOfMember)
  }
  const { refs, of } = await readMemberships(
    groups.map(({ id }) => id),
    {
      read: (ids, most) => directory.members(ref, ids, most),
      count: (ids) => directory.memberCounts(ref, ids),
    },
  )
  return { members: Map.groupBy(refs, ({ groupId }) => groupId), of }
}
