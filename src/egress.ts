import { lookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import { Agent, buildConnector, type Dispatcher, ProxyAgent } from 'undici'
import { isPublicAddress } from './config/base-url.ts'

type Found = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void
export type Lookup = (hostname: string, options: LookupOptions, found: Found) => void

/**
 * Resolves names for vendor calls, to public addresses only: a name that leads into the private network (by mistake, or
 * because its DNS was changed) is not found, unless `insecureTargets` names the host.
 */
export function publicLookup(insecureTargets: readonly string[], resolve: Lookup = lookup as Lookup): Lookup {
  const named = namedHosts(insecureTargets)
  return (hostname, options, found) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return found(error, [])
      const all = addresses as LookupAddress[]
      const usable = named.has(hostname.toLowerCase())
        ? all
        : all.filter(({ address }) => isPublicAddress(address))
      const [first] = usable
      if (!first) return found(privateAddress(hostname), [])
      return options.all ? found(null, usable) : found(null, first.address, first.family)
    })
  }
}

/** `host` of `host` and `host:port`, also of an address in brackets. */
const namedHosts = (insecureTargets: readonly string[]): ReadonlySet<string> =>
  new Set(
    insecureTargets.map((target) =>
      target
        .toLowerCase()
        .replace(/:\d+$/, '')
        .replace(/^\[(.*)\]$/, '$1'),
    ),
  )

function privateAddress(hostname: string): NodeJS.ErrnoException {
  const message = `${hostname} resolves to no public address; DRAWBRIDGE_INSECURE_TARGETS may name it`
  return Object.assign(new Error(message), { code: 'ENOTFOUND', syscall: 'getaddrinfo' })
}

/**
 * The connections to vendors: kept open, at most 32 an origin, to public addresses only. With a proxy they go through its
 * tunnels; it resolves the names then, and its own rules decide where they may lead.
 */
export function createDispatcher(insecureTargets: readonly string[], proxy?: string): Dispatcher {
  const pool = { connections: 32, keepAliveTimeout: 10_000 }
  if (proxy !== undefined) return throughProxy(proxy, pool)
  const connect = buildConnector({ timeout: 5_000, lookup: publicLookup(insecureTargets) as never })
  const named = namedHosts(insecureTargets)
  return new Agent({
    ...pool,
    // Addresses are not looked up: they are judged here.
    connect(options, done) {
      const host = options.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
      if (isIP(host) === 0 || named.has(host) || isPublicAddress(host)) return connect(options, done)
      done(privateAddress(host), null)
    },
  })
}

/** A name and a password in the address are sent to the proxy alone. */
function throughProxy(proxy: string, pool: { connections: number; keepAliveTimeout: number }): Dispatcher {
  const { origin, username, password } = new URL(proxy)
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const token = username === '' ? {} : { token: `Basic ${Buffer.from(login).toString('base64')}` }
  return new ProxyAgent({
    uri: origin,
    ...token,
    ...pool,
    proxyTunnel: true,
    connectTimeout: 5_000,
  } as ProxyAgent.Options)
}

/** Posts a text and gives the status of the answer, whose body is not read. Redirects are not followed. */
export async function post(
  dispatcher: Dispatcher,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<number> {
  const { origin, pathname, search } = new URL(url)
  const answer = await dispatcher.request({
    origin,
    path: `${pathname}${search}`,
    method: 'POST',
    headers,
    body,
    headersTimeout: 10_000,
    bodyTimeout: 10_000,
  })
  await answer.body.dump()
  return answer.statusCode
}
