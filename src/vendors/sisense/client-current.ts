import { VendorError } from '../../model/errors.ts'
import type { Receipt } from '../contract.ts'
import { failure, isMissingRoute } from './errors.ts'
import {
  bodyOf,
  checkedId,
  everyPage,
  everything,
  groupKeeping,
  idSegment,
  ifThere,
  isCalled,
  newPassword,
  pageSize,
  reads,
  rolesReader,
  type SisenseClient,
  userCalls,
  type UserDraft,
  writes,
} from './client.ts'
import type { Requests } from './requests.ts'
import type { SisenseSettings } from './settings.ts'
import { Created, entriesOf, Group, LoggedIn, User, Users } from './wire.ts'
import { createGathering } from './gathering.ts'

const preferences = (localeId: string) => ({ localeId })
const v1 = 'api/v1'
const v09 = 'api'

/** REST v1 with v0.9 beside it, as the vendor's own specification of both has them (Linux L8.2.4). */
export function currentClient(requests: Requests, settings: SisenseSettings): SisenseClient {
  const calls = userCalls(requests, async () => v1)
  return {
    ...lists(requests),
    ...memberships(requests),
    keeping: groupKeeping(requests),
    ...calls,
    // REST v0.9 beside v1 is what the guide does not have.
    async probe() {
      await requests.list(reads({ operation: 'probe', path: `${v09}/users/loggedin` }), LoggedIn)
      return true
    },
    change: (operation, id, change) => calls.change(operation, id, bodyOf(change, preferences)),
    create: (draft, password) =>
      settings.createVia === 'v09'
        ? createQuietly(requests, draft, settings.sso, password)
        : create(requests, draft),

    async whoami(operation) {
      const call = reads({ operation, path: `${v09}/users/loggedin` })
      return ifThere(requests.list(call, LoggedIn))
    },

    async endSessions(id) {
      const call = {
        operation: 'endSessions',
        method: 'GET',
        path: `${v1}/authentication/admin/logout`,
        query: { users: checkedId('endSessions', id) },
      } as const
      await requests.change(writes(call)).catch((error: unknown) => {
        if (!isMissingRoute(error)) throw error
        throw failure('unsupported', 'endSessions', 'this version cannot log users out', { cause: error })
      })
      return {}
    },
  }
}

function lists({ list }: Requests): Pick<SisenseClient, 'users' | 'candidates' | 'roles' | 'groups'> {
  const sort = '_id'
  const users = (operation: string) =>
    everyPage(list, reads({ operation, path: `${v1}/users`, query: { sort } }), User)

  async function filtered(operation: string, field: 'email' | 'userName', value: string) {
    const query = { [field]: value, skip: 0, limit: pageSize, sort }
    return entriesOf((await list(reads({ operation, path: `${v1}/users`, query }), Users)).body)
  }

  /** Whether the filters of v1 mind letter case is not known; the search of v0.9 looks for a part of any field. */
  const searched = (operation: string, search: string) =>
    everything(everyPage(list, reads({ operation, path: `${v09}/users`, query: { search } }), User))

  return {
    users,

    async candidates(operation, value) {
      for (const field of ['email', 'userName'] as const) {
        for (const spelling of new Set([value.toLowerCase(), value])) {
          const found = await filtered(operation, field, spelling)
          // Whoever else comes shows that the filter was not heeded.
          if (found.length > 0 && found.every((user) => isCalled(user, value))) return found
        }
      }
      return searched(operation, value).catch((error: unknown) => {
        if (!isMissingRoute(error)) throw error
        return everything(users(operation))
      })
    },

    roles: rolesReader(list, async () => [`${v09}/roles`, `${v1}/roles`]),
    groups: (operation): Promise<readonly Group[]> =>
      everything(everyPage(list, reads({ operation, path: `${v1}/groups`, query: { sort } }), Group)),
  }
}

/** The members of a group by v0.9: the body is a list of users, so those of equal urgency share calls. */
function memberships({ change, urgency }: Requests): Required<Pick<SisenseClient, 'join' | 'leave'>> {
  const operation = 'changeEntitlements'
  const gathered = createGathering()
  const write = async (method: 'POST' | 'DELETE', id: string, group: string): Promise<Receipt> => {
    const path = `${v09}/groups/${idSegment(operation, group)}/users`
    await gathered(`${urgency()} ${method} ${path}`, checkedId(operation, id), async (users) => {
      await change(writes({ operation, method, path, body: users }))
    })
    return {}
  }
  return {
    join: (id, group) => write('POST', id, group),
    leave: (id, group) => write('DELETE', id, group),
  }
}

async function create(requests: Requests, draft: UserDraft): Promise<User> {
  const body = bodyOf(draft, preferences)
  const call = { operation: 'create', method: 'POST', path: `${v1}/users`, body } as const
  return (await requests.create(writes(call), User)).body
}

/** Nobody is mailed, so a password must be set; nobody knows it, and a reset by mail gives the user one. */
async function createQuietly(
  requests: Requests,
  draft: UserDraft,
  sso = false,
  pushed = newPassword(),
): Promise<User> {
  const password = sso ? undefined : pushed
  const body = [{ ...bodyOf(draft, preferences), password }]
  const query = { notify: false }
  const call = { operation: 'create', method: 'POST', path: `${v09}/users`, query, body } as const
  const reply = await requests.hiding(password, () => requests.create(writes(call), Created))
  const user = Array.isArray(reply.body) ? reply.body[0] : reply.body
  if (!user)
    throw new VendorError('unexpected', 'no user came back', { vendor: 'sisense', operation: 'create' })
  // v0.9 shows users differently.
  const path = `${v1}/users/${idSegment('create', user._id)}`
  return (await ifThere(requests.user(reads({ operation: 'create', path }), User)).catch(() => user)) ?? user
}
