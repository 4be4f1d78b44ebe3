import {
  bodyOf,
  everyPage,
  everything,
  loginIndex,
  newPassword,
  reads,
  rolesReader,
  type SisenseClient,
  userCalls,
  writes,
} from './client.ts'
import { failure, isMissingRoute } from './errors.ts'
import type { Requests } from './requests.ts'
import type { SisenseCredentials, SisenseSettings } from './settings.ts'
import { Group, roleIdOf, User, Users } from './wire.ts'

const bases = ['api/v1', 'api/v0.9'] as const
/** The guide says no more of preferences than "language, etc.". */
const preferences = (language: string) => ({ language })

/** The paths and fields of the user management API guide of 2026-03, and no others. */
export function guideClient(
  requests: Requests,
  { sso = false }: SisenseSettings,
  { apiToken, username }: SisenseCredentials,
): SisenseClient {
  const base = baseFinder(requests)
  const calls = userCalls(requests, base)

  async function* users(operation: string) {
    yield* everyPage(requests.list, reads({ operation, path: `${await base(operation)}/users` }), User)
  }
  const index = loginIndex(users, calls.user)

  return {
    ...calls,
    async probe() {
      await base('probe')
      return true
    },
    users,
    candidates: index,
    change: (operation, id, change) => calls.change(operation, id, bodyOf(change, preferences)),

    async create(draft, pushed) {
      const password = sso ? undefined : (pushed ?? newPassword())
      const path = `${await base('create')}/users`
      const body = { ...bodyOf(draft, preferences), password }
      const call = writes({ operation: 'create', method: 'POST', path, body })
      const created = (await requests.hiding(password, () => requests.create(call, User))).body
      // The guide verifies a creation by reading it. The user is there whatever becomes of this reading.
      return calls.user('create', created._id).catch(() => created)
    },

    roles: rolesReader(requests.list, async (operation) => [`${await base(operation)}/roles`, 'api/roles']),

    async groups(operation): Promise<readonly Group[]> {
      const call = reads({ operation, path: `${await base(operation)}/groups` })
      return everything(everyPage(requests.list, call, Group))
    },

    /** A token does not tell whose it is; a login names its user. */
    async whoami(operation) {
      if (apiToken !== undefined || username === undefined) return undefined
      const [user] = await index(operation, username)
      return user && { _id: user._id, roleId: roleIdOf(user) ?? null }
    },
  }
}

/** Legacy Windows instances answer below /api/v0.9. Asked once; what answered is kept. */
function baseFinder({ list }: Requests): (operation: string) => Promise<string> {
  let found: Promise<string> | undefined

  async function look(operation: string): Promise<string> {
    for (const base of bases) {
      try {
        await list(reads({ operation, path: `${base}/users`, query: { skip: 0, limit: 1 } }), Users)
        return base
      } catch (error) {
        if (!isMissingRoute(error)) throw error
      }
    }
    const detail = 'no users at /api/v1 nor at /api/v0.9; check baseUrl, or use the API profile current'
    throw failure('unexpected', operation, detail, { certainlyNotDone: true })
  }

  return async (operation) => {
    found ??= look(operation).catch((error: unknown) => {
      found = undefined
      throw error
    })
    return found
  }
}
