import type { Requester } from '../kit/http.ts'
import { pages } from '../kit/paginate.ts'
import { failure } from './errors.ts'
import type { SentineloneSettings } from './settings.ts'
import {
  byCursor,
  calls,
  type Client,
  fold,
  is,
  type NamedScope,
  pageSize,
  type Place,
  type Reach,
} from './client.ts'
import type { Scope } from '../../model/account.ts'
import { AccountPage, type Me, MeAnswer, scopeOf, type Site, SitePage, tenantScope } from './wire.ts'

/** Where a token leads: its owner's account and sites. A token has the scope of its owner. */
export function createPlaces(send: Requester): Pick<Client, 'probe' | 'reach' | 'scopes'> {
  const read = placeReads(send)

  async function reach(operation: string, settings: SentineloneSettings): Promise<Reach> {
    const me = await read.me(operation)
    const owned = (me.scopeRoles ?? []).flatMap(({ id }) => scopeOf(me.scope, id) ?? [])
    const ofSites = owned.filter(({ level }) => level === 'site')
    const account = await accountOf(operation, settings, me, ofSites)
    const sites = settings.sites
      ? await chosenSites(read, operation, account, settings.sites)
      : ofSites.map(({ id }) => id)
    const [first, ...rest] = sites.map((id): Scope => ({ level: 'site', id }))
    return {
      self: me.id,
      selfRoles: (me.scopeRoles ?? []).flatMap(({ roleName }) => roleName ?? []),
      account,
      tenantWide: scopeOf(me.scope, undefined) !== undefined,
      home: first ? [first, ...rest] : [{ level: 'account', id: account.id }],
      narrowedTo:
        ofSites.length > 0 ? { siteIds: ofSites.map(({ id }) => id).join(',') } : { accountIds: account.id },
    }
  }

  async function accountOf(
    operation: string,
    { account }: SentineloneSettings,
    me: Me,
    ofSites: readonly Scope[],
  ): Promise<Place> {
    const own = me.scope === 'account' ? (me.scopeRoles ?? []).flatMap(toPlace) : []
    const [mine, another] = account === undefined ? own : named(own, account)
    if (mine && !another) return mine
    const accounts = await read.accounts(operation, ofSites)
    const found = account === undefined ? accounts : named(accounts, account)
    const [first, second] = found
    if (first && !second) return first
    throw outOfReach(operation, 'account', account, first ? found : accounts)
  }

  return {
    reach,
    probe: async () => (await read.me('probe')).scopeRoles !== undefined,

    async scopes(operation, { account, home, narrowedTo, tenantWide }) {
      const sites = await read.sites(operation, { accountIds: account.id })
      const isOfSites = 'siteIds' in narrowedTo
      const seen = isOfSites
        ? sites.filter(({ id }) => narrowedTo['siteIds']?.split(',').includes(id))
        : sites
      const above: readonly NamedScope[] = [
        ...(isOfSites ? [] : [{ scope: { level: 'account', id: account.id }, name: account.name } as const]),
        ...(tenantWide ? [{ scope: tenantScope, name: 'tenant' }] : []),
      ]
      const below = seen.map(({ id, name }) => ({ scope: { level: 'site', id }, name }) as const)
      return homeFirst([...above, ...below], home)
    },
  }
}

function toPlace({ id, name, accountName }: NonNullable<Me['scopeRoles']>[number]): readonly Place[] {
  return id ? [{ id, name: accountName ?? name ?? undefined }] : []
}

function placeReads(send: Requester) {
  async function sites(operation: string, query: Readonly<Record<string, string>>): Promise<readonly Site[]> {
    const found: Site[] = []
    const first = calls.places({
      operation,
      method: 'GET',
      path: 'sites',
      query: { ...query, limit: pageSize },
    })
    for await (const { data } of pages(send, first, SitePage, byCursor)) found.push(...data.sites)
    return found
  }

  async function accountList(operation: string): Promise<readonly Place[]> {
    const found: Place[] = []
    const first = calls.places({ operation, method: 'GET', path: 'accounts', query: { limit: pageSize } })
    for await (const { data } of pages(send, first, AccountPage, byCursor)) found.push(...data)
    return found
  }

  return {
    sites,
    async me(operation: string): Promise<Me> {
      return (await send(calls.whoami({ operation, method: 'GET', path: 'user' }), MeAnswer)).body.data
    },

    /** Tokens of a site may not list accounts; their sites name the account that they are in. */
    async accounts(operation: string, ofSites: readonly Scope[]): Promise<readonly Place[]> {
      if (ofSites.length === 0) {
        const listed = await accountList(operation).catch((error: unknown) => {
          if (is(error, 'missing-scope') || is(error, 'forbidden')) return undefined
          throw error
        })
        if (listed) return listed
      }
      const siteIds = ofSites.map(({ id }) => id).join(',')
      const seen = await sites(operation, siteIds === '' ? {} : { siteIds })
      const byId = new Map(seen.map(({ accountId, accountName }) => [accountId, accountName ?? undefined]))
      return [...byId].map(([id, name]) => ({ id, name }))
    },
  }
}

async function chosenSites(
  read: ReturnType<typeof placeReads>,
  operation: string,
  account: Place,
  wanted: readonly string[],
): Promise<readonly string[]> {
  const sites = await read.sites(operation, { accountIds: account.id })
  return wanted.map((each) => {
    const [site, another] = named(sites, each)
    if (site && !another) return site.id
    throw outOfReach(operation, 'site', each, sites)
  })
}

/** By id, else by name, letter case aside. */
function named<P extends Place>(places: readonly P[], wanted: string): readonly P[] {
  const byId = places.filter(({ id }) => id === wanted.trim())
  return byId.length > 0
    ? byId
    : places.filter(({ name }) => name !== undefined && fold(name) === fold(wanted))
}

function homeFirst(scopes: readonly NamedScope[], home: readonly Scope[]): readonly NamedScope[] {
  const isHome = ({ scope }: NamedScope) =>
    home.some(({ level, id }) => scope.level === level && scope.id === id)
  return [...scopes.filter(isHome), ...scopes.filter((each) => !isHome(each))]
}

const mostNamed = 10

function outOfReach(
  operation: string,
  what: 'account' | 'site',
  wanted: string | undefined,
  seen: readonly Place[],
) {
  const names = seen.slice(0, mostNamed).map(({ id, name }) => `${name ?? 'unnamed'} (${id})`)
  const list = names.length > 0 ? names.join(', ') : 'none'
  const detail =
    wanted === undefined
      ? `the token reaches ${list}; name one under the setting account`
      : `the token reaches no single ${what} "${wanted}"; it reaches: ${list}`
  return failure('missing-scope', operation, detail)
}
