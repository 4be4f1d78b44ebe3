import { BlockList, isIP } from 'node:net'

/** Addresses that no vendor has: this machine, private networks, link-local, tunnels, documentation, multicast. */
const notPublic = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  notPublic.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  // This machine, and IPv4-compatible addresses, which hold any IPv4 address (RFC 4291 §2.5.5).
  ['::', 96],
  // NAT64 (RFC 6052, RFC 8215), Teredo with what else lies beside it (RFC 2928), 6to4 (RFC 3056): tunnels to any IPv4 address.
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2001::', 23],
  ['2002::', 16],
  ['100::', 64],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  // Site-local, deprecated but routed where it is in use (RFC 3879).
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  notPublic.addSubnet(network, prefix, 'ipv6')

/** True for an address on the public Internet; false for a private one and for anything that is no address. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && !notPublic.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** True when the operator has named this target in DRAWBRIDGE_INSECURE_TARGETS; a host without a port covers all ports. */
function isNamedInsecure(url: URL, insecureTargets: readonly string[]): boolean {
  const host = url.hostname.toLowerCase()
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return insecureTargets.some((each) => [host, `${host}:${port}`].includes(each.toLowerCase()))
}

/** The origin of a vendor's base URL, or what is wrong with it. Names are resolved when the connection is used, not here. */
export function checkBaseUrl(
  text: string,
  insecureTargets: readonly string[],
): { readonly origin: string } | { readonly fault: string } {
  const url = URL.parse(text)
  if (!url || !['https:', 'http:'].includes(url.protocol))
    return { fault: 'must be an origin such as https://sentry.example.com' }
  if (url.username || url.password || url.search || url.hash || url.pathname !== '/')
    return { fault: 'must be an origin only: no path, query, user name or password' }
  if (isNamedInsecure(url, insecureTargets)) return { origin: url.origin }
  if (url.protocol !== 'https:') return { fault: `must be https; ${exception}` }
  return isPublicHost(url.hostname)
    ? { origin: url.origin }
    : { fault: `must be a public host; ${exception}` }
}

const exception = 'plain http and private hosts need an entry in DRAWBRIDGE_INSECURE_TARGETS'

function isPublicHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare)) return isPublicAddress(bare)
  return (
    hostname.includes('.') &&
    !/(^|\.)(localhost|localdomain|local|internal|intranet|private|lan|svc|cluster|onion|home\.arpa)\.?$/i.test(
      hostname,
    )
  )
}
