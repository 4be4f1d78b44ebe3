/** What a test or an operator may turn. */
export interface Toggles {
  loginEncoding: 'form' | 'json' | 'both'
  /** A refused login is a 200 with `success: false`. */
  softRefusal: boolean
  /** Bad logins of one name after which the good password is refused too. */
  lockoutAfter: number
  /** Life of a login's token. */
  tokenSeconds: number
  /** The token tells its end as a JWT does. */
  tokenTellsEnd: boolean
  /** What `active` in a PATCH does. */
  active: 'switch' | 'ignored' | 'rejected'
  /** New users are inactive until they follow a link. */
  activation: boolean
  /** Everybody comes by single sign-on: no password is asked for. */
  sso: boolean
  rolesAt: 'api' | 'api/v1' | 'both'
  /** Where everything else of the guide is. */
  base: 'api/v1' | 'api/v0.9'
  /** The routes of v0.9 are there. */
  v09: boolean
  forcedLogout: boolean
  /** Most items on a page, whatever `limit` asks for. */
  pageCap: number
  /** `ignored`: `skip` and `limit` do nothing. */
  paging: 'honoured' | 'ignored'
  filterCase: 'sensitive' | 'insensitive'
  /** Users that the licence allows. */
  seats: number
  /** Users show the group of everybody among theirs. */
  showEveryone: boolean
  /** Requests a second that are answered; more get a 429 without any header. */
  perSecond: number
  duplicateGroups: boolean
}

const current: Readonly<Toggles> = {
  loginEncoding: 'form',
  softRefusal: false,
  lockoutAfter: 5,
  tokenSeconds: Number.POSITIVE_INFINITY,
  tokenTellsEnd: false,
  active: 'ignored',
  activation: true,
  sso: false,
  rolesAt: 'api',
  base: 'api/v1',
  v09: true,
  forcedLogout: true,
  pageCap: Number.POSITIVE_INFINITY,
  paging: 'honoured',
  filterCase: 'sensitive',
  seats: Number.POSITIVE_INFINITY,
  showEveryone: true,
  perSecond: Number.POSITIVE_INFINITY,
  duplicateGroups: true,
}

const guide: Readonly<Toggles> = {
  ...current,
  loginEncoding: 'json',
  active: 'switch',
  activation: false,
  rolesAt: 'api/v1',
  v09: false,
  forcedLogout: false,
  showEveryone: false,
  duplicateGroups: false,
}

export const initialToggles = { current, guide } as const
