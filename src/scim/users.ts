import { type Answer, answerTo } from './answer.ts'
import { switchesOf } from './client-profiles.ts'
import { notFound, ScimError, uniqueness } from './errors.ts'
import { normaliseBody, replaceBody } from './normalise.ts'
import type { Actor, Precondition, Provisioning, StoredUser, UserWrite } from './ports.ts'
import type { CreationSecret } from '../model/account.ts'
import { represent } from './representation.ts'
import {
  type Changed,
  locationOf,
  readMemberships,
  type Resources,
  type ScimPorts,
  type View,
} from './resources.ts'
import { provisioningUrn } from './schema/definitions.ts'
import { userModel } from './schema/model.ts'
import { patchOf, replacementOf, type UserEdit } from './user-edits.ts'
import { checkBounds } from './values/bounds.ts'
import { sameValue } from './values/json.ts'
import type { DirectoryRef, ResourceBody } from '../model/directory.ts'

/** How an identical create that is still being answered is waited for. */
export interface Patience {
  readonly budgetMs: number
  readonly wait: (ms: number) => Promise<void>
}

const firstPause = 25
const longestPause = 500

/** Users: every write is recorded, run at the vendors within the reply budget, and answered by what came of it. */
export function createUsers(ports: ScimPorts, patience: Patience): Resources<StoredUser> {
  const { directory, provisioning } = ports
  return {
    model: userModel,
    find: (ref, id) => directory.user(ref, id),
    list: (ref, query) => directory.users(ref, query),
    show: (ref, users, view) => showUsers(ports, ref, users, view),
    create: (actor, json) => createUser(ports, patience, actor, json),

    replace: (actor, id, json, check) =>
      update(ports, actor, id, check, replacementOf(json, switchesOf(actor.directory.client))),
    patch: (actor, id, json, check) =>
      update(ports, actor, id, check, patchOf(json, switchesOf(actor.directory.client))),

    async remove(actor, id, check) {
      const ref = actor.directory
      if ((await directory.deleteUser(actor, id, check)) === 'not-found') throw notFound('User', id)
      const answer = answerTo({ kind: 'delete' }, ref.client, await provisioning.run(ref, id))
      if (answer.status !== 204) throw refusal(answer)
    },

    showsPatched: async () => true,
    acknowledge: (ref, id, acknowledged) => directory.acknowledge(ref, id, acknowledged),
  }
}

async function createUser(
  ports: ScimPorts,
  patience: Patience,
  actor: Actor,
  json: unknown,
): Promise<StoredUser> {
  const { directory } = ports
  const ref = actor.directory
  const { body, password } = normaliseBody(userModel, json, switchesOf(ref.client), 'create')
  checkBounds(body)
  if (body['active'] !== false) refuseObjection(ports.provisioning, ref, body)
  const user = await recordCreate(ports, patience, actor, body)
  const active = user.body['active'] !== false
  const outcomes = await runRecorded(ports, actor, user.id, password === undefined ? {} : { password })
  const answer = answerTo({ kind: 'create', active }, ref.client, outcomes)
  if (answer.takeBack) {
    await directory.takeBack(actor, user.id, answer.detail ?? '')
    throw refusal(answer)
  }
  if (outcomes.length === 0 || active) return user
  // Read again, because a proven shut-out has changed what `active` shows. A failure here must not lose the id.
  return (await directory.user(ref, user.id).catch(() => undefined)) ?? user
}

/**
 * A create whose 201 never left is applied as PUT when it comes again; one that is still being answered is waited
 * for, and then is a duplicate like any other.
 */
async function recordCreate(
  { directory }: ScimPorts,
  { budgetMs, wait }: Patience,
  actor: Actor,
  body: ResourceBody,
): Promise<StoredUser> {
  for (let waited = 0, pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
    let write = await directory.createUser(actor, body, { runs: true })
    if (write.kind === 'exists-unacknowledged') {
      write = await directory.updateUser(actor, write.id, (current) =>
        replaceBody(userModel, current.body, body),
      )
    }
    if (write.kind === 'stored') return write.user
    if (write.kind === 'duplicate' || waited >= budgetMs) throw duplicate()
    // Running elsewhere, or deleted between the two calls.
    await wait(pause)
    waited += pause
  }
}

/** The User is recorded: a failure from here on must not lose the id, or its accounts would never be shut out. */
async function runRecorded(
  { provisioning, log }: ScimPorts,
  actor: Actor,
  userId: string,
  secret: CreationSecret,
) {
  try {
    return await provisioning.run(actor.directory, userId, secret)
  } catch (error) {
    log.error({ err: error, requestId: actor.requestId, user: userId }, 'created user not run')
    return []
  }
}

async function update(
  ports: ScimPorts,
  actor: Actor,
  id: string,
  check: Precondition | undefined,
  edit: UserEdit,
): Promise<Changed<StoredUser>> {
  const { directory, provisioning } = ports
  const ref = actor.directory
  const { write, ignored } = await recordUpdate(ports, actor, id, check, edit)
  if (write.kind === 'not-found') throw notFound('User', id)
  if (write.kind === 'duplicate') throw duplicate()
  // A write without effect runs too: Okta's Force Sync and Entra's restart count on it.
  const outcomes = await provisioning.run(ref, id)
  const answer = answerTo(
    { kind: 'update', active: write.user.body['active'] !== false },
    ref.client,
    outcomes,
  )
  if (answer.status >= 400) throw refusal(answer)
  // Only the proof of a shut-out changes what is shown.
  const proven = outcomes.length > 0 && write.user.body['active'] === false
  const user = (proven && (await directory.user(ref, id))) || write.user
  return ignored.length === 0 ? user : { ...user, ignored }
}

/** A write that shuts out is recorded even where a part of it is impossible, a userName that another User has included. */
async function recordUpdate(
  { directory, provisioning, log }: ScimPorts,
  actor: Actor,
  id: string,
  check: Precondition | undefined,
  edit: UserEdit,
): Promise<{ readonly write: UserWrite; readonly ignored: readonly string[] }> {
  let ignored: string[] = []
  const record = (renames: boolean): Promise<UserWrite> =>
    directory.updateUser(actor, id, (current) => {
      check?.(current)
      ignored = []
      const body = edit.body(current, ignored)
      if (body['active'] !== false) refuseObjection(provisioning, actor.directory, body)
      if (renames) return body
      const next = { ...body, userName: current.body['userName'] }
      return sameValue(next, current.body) ? current.body : next
    })
  let write = await record(true)
  if (write.kind === 'duplicate' && edit.shutsOut) {
    write = await record(false)
    ignored.push(duplicate().detail)
  }
  if (ignored.length > 0) {
    const details = { requestId: actor.requestId, user: id, parts: ignored.length }
    log.info(details, 'impossible parts of a write that shuts out were ignored')
  }
  return { write, ignored }
}

function refuseObjection(provisioning: Provisioning, ref: DirectoryRef, body: ResourceBody): void {
  const objection = provisioning.objection(ref, body)
  if (objection === undefined) return
  const { kind: code, detail } = objection
  throw new ScimError(400, detail, { scimType: 'invalidValue', about: { area: 'account', code } })
}

async function showUsers(
  { directory, provisioning }: ScimPorts,
  ref: DirectoryRef,
  asked: readonly Changed<StoredUser>[],
  { projection, baseUrl }: View,
): Promise<readonly Record<string, unknown>[]> {
  if (asked.length === 0) return []
  const unread = asked.filter((user) => user.groups === undefined).map(({ id }) => id)
  const [memberships, extensions] = await Promise.all([
    projection.wants('groups') && unread.length > 0
      ? readMemberships(unread, {
          read: (ids, most) => directory.groupsOf(ref, ids, most),
          count: (ids) => directory.groupCounts(ref, ids),
        })
      : undefined,
    projection.wants(provisioningUrn, 'connections')
      ? provisioning.extension(
          ref,
          asked.map(({ id }) => id),
        )
      : undefined,
  ])
  // Those whose memberships are too many come on the next page.
  const users = memberships ? asked.slice(0, asked.length - unread.length + memberships.of) : asked
  const groups = memberships && Map.groupBy(memberships.refs, ({ userId }) => userId)
  return users.map((user) =>
    projection.apply(
      represent(userModel, {
        ...user,
        location: locationOf(userModel, user.id, baseUrl),
        groups: user.groups ?? groups?.get(user.id),
        extension: { ...extensions?.get(user.id), ...(user.ignored && { ignored: user.ignored }) },
      }),
    ),
  )
}

const duplicate = (): ScimError => uniqueness('Another User has this userName')

function refusal({ status, detail, scimType, retryAfter, failure }: Answer): ScimError {
  const about =
    failure === undefined
      ? ({ area: 'scim', code: retryAfter === undefined ? 'refused' : 'pending' } as const)
      : ({ area: 'account', code: failure } as const)
  return new ScimError(status, detail ?? 'The write could not be carried out', {
    scimType,
    about,
    headers: retryAfter === undefined ? undefined : { 'retry-after': String(retryAfter) },
  })
}
