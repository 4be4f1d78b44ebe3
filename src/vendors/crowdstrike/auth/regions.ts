/** Published API hosts. CrowdStrike/gofalcon falcon/cloud.go, 2026-07. */
export const regionHosts = {
  'us-1': 'api.crowdstrike.com',
  'us-2': 'api.us-2.crowdstrike.com',
  'us-3': 'api.us-3.crowdstrike.com',
  'eu-1': 'api.eu-1.crowdstrike.com',
  'us-gov-1': 'api.laggar.gcw.crowdstrike.com',
  'us-gov-2': 'api.us-gov-2.crowdstrike.mil',
} as const

export type Region = keyof typeof regionHosts

export const regions = Object.keys(regionHosts) as Region[]

/** Regions whose hosts the guide publishes; only these are tried when it has to guess. */
export const guideRegions = ['us-1', 'us-2', 'eu-1'] as const satisfies readonly Region[]

/** Where the first token call goes. */
export function startOrigin(settings: {
  readonly baseUrl?: string
  readonly region?: Region | 'auto'
}): string {
  const { baseUrl, region = 'auto' } = settings
  return baseUrl === undefined ? regionOrigin(region === 'auto' ? 'us-1' : region) : originOf(baseUrl)
}

export function originOf(url: string): string {
  return new URL(url).origin
}

export function isLoopback(origin: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(origin).hostname)
}

export function regionOrigin(region: Region): string {
  return `https://${regionHosts[region]}`
}

/** The region that `X-Cs-Region` names, if it is a published one. */
export function knownRegion(value: unknown): Region | undefined {
  return typeof value === 'string' && Object.hasOwn(regionHosts, value) ? (value as Region) : undefined
}

const falconDomains = ['.crowdstrike.com', '.crowdstrike.mil']

/** Whether credentials may be sent to an origin that a redirect names: CrowdStrike's own domains, by https. */
export function isFalconOrigin({ protocol, hostname, port }: URL): boolean {
  return protocol === 'https:' && port === '' && falconDomains.some((domain) => hostname.endsWith(domain))
}

/** A CID as the API writes it: 32 lower-case hexadecimal digits, without the console's checksum suffix. */
export function plainCid(cid: string): string {
  return cid.toLowerCase().replace(/^([0-9a-f]{32})-[0-9a-f]{2}$/, '$1')
}
