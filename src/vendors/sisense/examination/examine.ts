import { VendorError } from '../../../model/errors.ts'
import type { ApiProfile, DoctorFinding } from '../../contract.ts'
import type { SisenseClient } from '../client/client.ts'
import type { Pace } from '../limits.ts'
import type { SisenseCredentials, SisenseSettings } from '../settings.ts'
import type { NameBook } from '../target/names.ts'
import { isAdministrator } from '../target/roles.ts'
import { endOf } from '../token.ts'

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
