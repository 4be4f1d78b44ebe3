import type { EntitlementChange, Receipt } from '../../contract.ts'
import type { SisenseClient, UserChange } from '../client/client.ts'
import { failure, isMissingRoute } from '../errors.ts'
import type { User } from '../wire.ts'
import type { NameBook } from './names.ts'
import { viewer } from './roles.ts'

const operation = 'changeEntitlements'

/** One writing call: a group's own route for one group, else a PATCH of the user with what differs. */
export async function changeEntitlements(
  client: SisenseClient,
  names: NameBook,
  id: string,
  change: EntitlementChange,
): Promise<Receipt> {
  if ([...change.assign, ...change.revoke].some(({ scope, until }) => scope ?? until)) {
    throw failure('unsupported', operation, 'Sisense grants for the whole instance, and without an end')
  }
  const { assign, revoke } = change
  const [only, another] = [...assign, ...revoke]
  if (!only) return {}
  if (another || only.kind === 'role') return rewrite(client, names, id, change)

  const move = assign.length > 0 ? client.join : client.leave
  if (!move) return rewrite(client, names, id, change)
  return move(id, only.id).catch((error: unknown) => {
    // The route, the group or the user is not there: writing the whole set tells which, or does it.
    if (isMissingRoute(error)) return rewrite(client, names, id, change)
    throw error
  })
}

async function rewrite(
  client: SisenseClient,
  names: NameBook,
  id: string,
  { assign, revoke }: EntitlementChange,
): Promise<Receipt> {
  const role = assign.findLast(({ kind }) => kind === 'role')?.id
  const joins = assign.filter(({ kind }) => kind === 'group').map((ref) => ref.id)
  const leaves = new Set(revoke.filter(({ kind }) => kind === 'group').map((ref) => ref.id))
  const losesRole = revoke.find(({ kind }) => kind === 'role')?.id
  const newRole = role === undefined ? undefined : await names.roleId(operation, role)

  // A role alone replaces the one there is, whatever it is.
  const needsReading = joins.length > 0 || leaves.size > 0 || (role === undefined && losesRole !== undefined)
  const user = needsReading ? await client.user(operation, id) : undefined
  const lowered = user && newRole === undefined ? await loweredRole(names, user, losesRole) : undefined
  const roleId = newRole ?? lowered
  const groups = user && groupsAfter(user.groups ?? [], joins, leaves)
  const body: UserChange = {
    ...(roleId === undefined ? {} : { roleId }),
    ...(groups === undefined ? {} : { groups }),
  }
  return Object.keys(body).length === 0 ? {} : client.change(operation, id, body)
}

/** Viewer in place of the role that is taken away, if the user still has that one. */
async function loweredRole(
  names: NameBook,
  { roleId }: User,
  losing: string | undefined,
): Promise<string | undefined> {
  if (losing === undefined || !roleId || (await names.known(operation)).roles.nameOf(roleId) !== losing) {
    return undefined
  }
  return names.roleId(operation, viewer)
}

/** The whole set, groups that nobody asked about included, each once; undefined when nothing differs. */
function groupsAfter(
  before: readonly string[],
  joins: readonly string[],
  leaves: ReadonlySet<string>,
): readonly string[] | undefined {
  const held = new Set(before)
  const after = [...new Set([...held, ...joins])].filter((id) => !leaves.has(id))
  const isSame = after.length === held.size && after.every((id) => held.has(id))
  return isSame ? undefined : after
}
