import type { ApiProfile } from '../../model/account.ts'
import { VendorError } from '../../model/errors.ts'
import type { DoctorFinding, Route } from '../contract.ts'
import { endOf } from './auth.ts'
import type { SisenseClient } from './client.ts'
import { isAdministrator, type NameBook } from './names.ts'
import type { Pace, SisenseCredentials, SisenseSettings } from './settings.ts'

export interface Examined {
  readonly client: SisenseClient
  readonly names: NameBook
  readonly profile: ApiProfile
  readonly settings: SisenseSettings
  readonly credentials: SisenseCredentials
  readonly pace: Pace
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

type Told = Pick<DoctorFinding, 'state' | 'detail'>

/** What only Sisense has: two ways to sign in, a part of the users for whoever is no administrator, and no limits told. */
export async function* examine(examined: Examined): AsyncGenerator<DoctorFinding> {
  const { profile, settings, credentials, pace } = examined
  yield { check: 'kind of credentials', ...kindOf(credentials) }
  if (credentials.apiToken !== undefined) yield* end(credentials.apiToken, examined.now())
  yield { check: 'role of the user', ...(await roleOf(examined)) }
  if (profile === 'guide' && settings.createVia === 'v09') {
    const detail = 'createVia: v09 has no effect in profile guide: it makes users by its own route alone'
    yield { check: 'createVia', state: 'warning', detail }
  }
  yield { check: 'off switch', ...switchOf(profile) }
  const detail = `${pace.perSecond} calls a second and ${pace.atOnce} at once, which is Drawbridge’s own choice (settings.requestsPerSecond): Sisense publishes none`
  yield { check: 'pace', state: 'ok', detail }
}

function kindOf({ apiToken }: SisenseCredentials): Told {
  if (apiToken === undefined) {
    const detail =
      'user name and password; after two refused logins in a row no other is tried for a quarter of an hour'
    return { state: 'ok', detail }
  }
  if (/^bearer\s/i.test(apiToken.trim())) {
    return { state: 'failed', detail: 'the word Bearer was pasted with the token; give the token alone' }
  }
  return { state: 'ok', detail: 'an API token; Drawbridge never renews it, as that would end all others' }
}

function* end(token: string, now: number): Generator<DoctorFinding> {
  const check = 'token expiry'
  const seconds = endOf(token)
  if (seconds === undefined) {
    const detail = 'the token does not tell it; an instance may still end it'
    yield { check, state: 'unknown', detail }
    return
  }
  const at = new Date(seconds * 1000).toISOString()
  const days = Math.floor((seconds * 1000 - now) / (24 * 60 * 60_000))
  if (days < 0) yield { check, state: 'failed', detail: `ended ${at}` }
  else yield { check, state: days < 14 ? 'warning' : 'ok', detail: `ends ${at}, in ${days} days` }
}

/** The role decides what is seen: a list for anybody else lacks people without a word. */
async function roleOf({ client, names }: Examined): Promise<Told> {
  try {
    const self = await client.whoami('examine')
    if (!self) {
      const detail =
        'cannot be told from a token in this API profile: give user name and password, or be sure that it is an administrator’s'
      return { state: 'unknown', detail }
    }
    const listed = self.roleId
      ? (await names.withRole('examine', self.roleId)).roles.nameOf(self.roleId)
      : undefined
    const called = [self.baseRoleName, listed, self.roleName].filter((each) => typeof each === 'string')
    const [role] = called
    if (role === undefined) return { state: 'unknown', detail: 'the instance does not tell it' }
    if (called.some(isAdministrator)) return { state: 'ok', detail: `${role}: sees and changes every user` }
    const detail = `${role}: sees a part of the users and may change none; give it the role Admin`
    return { state: 'failed', detail }
  } catch (error) {
    if (error instanceof VendorError) return { state: 'unknown', detail: error.detail }
    throw error
  }
}

/** Nothing can be switched off for a trial, so the first shut-out shows it. */
function switchOf(profile: ApiProfile): Told {
  const source =
    profile === 'guide' ? 'the API guide has it' : 'the vendor’s own specification does not have it'
  const detail = `whether active: false holds is seen at the first shut-out, by a read (${source}); if not, the next step follows`
  return { state: 'unknown', detail }
}

/** `base` is `/api/v1`; in the guide also `/api/v0.9`, whichever answers. */
const shared = (base: string): readonly Route[] => [
  { method: 'POST', path: `${base}/authentication/login`, purpose: 'a token for a user name and a password' },
  { method: 'GET', path: `${base}/users`, purpose: 'finding and listing users' },
  { method: 'GET', path: `${base}/users/{user}`, purpose: 'reading a user; every proof' },
  { method: 'GET', path: `${base}/groups`, purpose: 'the catalogue of groups' },
  {
    method: 'PATCH',
    path: `${base}/users/{user}`,
    purpose: 'profile, role, groups, the off switch',
    writes: true,
  },
  { method: 'DELETE', path: `${base}/users/{user}`, purpose: 'removing a user', writes: true },
  { method: 'POST', path: `${base}/users`, purpose: 'making a user', writes: true },
]

/** One of the two is enough: the other is tried when the first is not there. */
const roles = (base: string): readonly Route[] => [
  { method: 'GET', path: '/api/roles', purpose: 'the catalogue of roles', optional: true },
  { method: 'GET', path: `${base}/roles`, purpose: 'the catalogue of roles', optional: true },
]

/** Where a route has a twin, the other one is tried when this one is not there. */
const current: readonly Route[] = [
  ...shared('/api/v1'),
  ...roles('/api/v1'),
  { method: 'GET', path: '/api/users/loggedin', purpose: 'knowing whose token it is, and its role' },
  { method: 'GET', path: '/api/users', purpose: 'finding users whatever the letter case' },
  {
    method: 'POST',
    path: '/api/users',
    purpose: 'making a user without a mail (createVia: v09)',
    writes: true,
  },
  { method: 'POST', path: '/api/v1/groups', purpose: 'making a group (create: true)', writes: true },
  { method: 'PUT', path: '/api/groups/{group}', purpose: 'renaming a group', writes: true },
  { method: 'DELETE', path: '/api/v1/groups/{group}', purpose: 'removing a group', writes: true },
  { method: 'POST', path: '/api/groups/{group}/users', purpose: 'joining a group alone', writes: true },
  { method: 'DELETE', path: '/api/groups/{group}/users', purpose: 'leaving a group alone', writes: true },
  {
    method: 'GET',
    path: '/api/v1/authentication/admin/logout',
    purpose: 'ending sessions and tokens in a shut-out',
    writes: true,
  },
]

const guide: readonly Route[] = [...shared('/api/{version}'), ...roles('/api/{version}')]

export function routes(profile: ApiProfile): readonly Route[] {
  return profile === 'guide' ? guide : current
}
