import { stringify } from 'yaml'
import { simulators } from '../simulators/registry.ts'
import { startCrowdstrike } from '../simulators/crowdstrike/index.ts'
import { startSentinelone } from '../simulators/sentinelone/index.ts'
import { startSentry } from '../simulators/sentry/index.ts'
import { startSisense } from '../simulators/sisense/index.ts'
import type { TraceEntry } from '../simulators/trace.ts'
import type { VendorSimulator } from '../simulators/simulator.ts'
import { vendors } from '../vendors/registry.ts'
import { declarationOf } from '../vendors/rest/define.ts'

/** Falcon's reads lag by up to 90 s; nobody wants to watch that. */
const roleLagMs = 300

export interface DemoVendors {
  readonly all: readonly VendorSimulator[]
  /** A place in the traces. */
  mark(): readonly number[]
  /** The calls that came after it, in the order of their arrival, a line each. */
  since(mark: readonly number[]): readonly string[]
  close(): Promise<void>
}

const teams = ['everyone', 'research', 'research-leads', 'detection', 'platform-admins']

export async function startVendors(): Promise<DemoVendors> {
  const [falcon, sentinelone, sentry, sisense, ...declared] = await Promise.all([
    startCrowdstrike({ toggles: { roleLagMs } }),
    startSentinelone(),
    startSentry(),
    startSisense(),
    ...vendors.flatMap((vendor) => (declarationOf(vendor) ? [startDeclared(vendor.id)] : [])),
  ])
  for (const slug of teams) sentry.state.addTeam(slug)
  const all: readonly VendorSimulator[] = [falcon, sentinelone, sentry, sisense, ...declared]
  return {
    all,
    mark: () => all.map(({ trace }) => trace.length),
    since: (mark) =>
      all
        .flatMap(({ vendor, trace }, at) => trace.slice(mark[at]).map((entry) => ({ vendor, entry })))
        .sort((one, other) => one.entry.at - other.entry.at)
        .map(({ vendor, entry }) => describeCall(vendor, entry)),
    async close() {
      await Promise.all(all.map((each) => each.close()))
    },
  }
}

async function startDeclared(id: string): Promise<VendorSimulator> {
  const start = await simulators[id]!()
  return start()
}

/** Everybody gets the usual grant of a declared vendor, and whoever is in a group the other one too. */
function declaredConnection(simulator: VendorSimulator) {
  const [usual, another] = simulator.grants ?? []
  const groups = ['Falcon Analysts', 'Falcon Admins', 'Research', 'Research Leads']
  return {
    vendor: simulator.vendor,
    ...simulator.connection('current'),
    default: usual ?? {},
    rules: groups.map((group) => ({ group, ...another })),
  }
}

function describeCall(vendor: string, { method, path, query, body, status, mutating }: TraceEntry): string {
  const parameters = Object.entries(query).map(([key, value]) => `${key}=${String(value)}`)
  const question = parameters.length > 0 ? `?${parameters.join('&')}` : ''
  const sent =
    mutating && body !== undefined && !path.startsWith('/oauth2/') ? ` ${JSON.stringify(body)}` : ''
  return `→ ${vendor.padEnd(11)} ${method} ${path}${question}${sent} ${status ?? '…'}`
}

/** The configuration file of the demo: the same for both directories, as an admin would write it. */
export function configurationText({ all }: DemoVendors): string {
  const [falcon, sentinelone, sentry, sisense, ...declared] = all
  const connections = {
    falcon: {
      vendor: 'crowdstrike',
      ...falcon?.connection('current'),
      default: { role: 'event_viewer' },
      rules: [
        { group: 'Falcon Analysts', role: 'Detection Monitor' },
        { group: 'Falcon Admins', role: 'Falcon Administrator' },
        { group: 'Research', role: 'Detection Monitor' },
        { group: 'Research Leads', role: 'Dashboard Admin' },
      ],
    },
    sentinelone: {
      vendor: 'sentinelone',
      ...sentinelone?.connection('current'),
      default: { role: 'Viewer' },
      rules: [
        { group: 'Falcon Analysts', role: 'SOC' },
        { group: 'Falcon Admins', role: 'IR Team' },
        { group: 'Research', role: 'SOC' },
        { group: 'Research Leads', role: 'IR Team' },
      ],
    },
    sentry: {
      vendor: 'sentry',
      ...sentry?.connection('current'),
      default: { role: 'Member', team: 'everyone' },
      rules: [
        { group: 'Falcon Analysts', team: 'detection' },
        { group: 'Falcon Admins', team: 'platform-admins' },
        { group: 'Research', team: 'research' },
        { group: 'Research Leads', team: 'research-leads' },
      ],
    },
    sisense: {
      vendor: 'sisense',
      ...sisense?.connection('current'),
      default: { role: 'Viewer' },
      rules: [
        { group: 'Falcon Analysts', vendorGroup: 'Sales Team' },
        { group: 'Falcon Admins', vendorGroup: 'Finance' },
        { group: 'Research', vendorGroup: 'Sales Team' },
        { group: 'Research Leads', vendorGroup: 'Finance' },
      ],
    },
    ...Object.fromEntries(declared.map((each) => [each.vendor, declaredConnection(each)])),
  }
  return stringify(
    {
      directories: {
        okta: { client: 'okta', tokens: [{ name: 'demo', secret: '${DEMO_OKTA_TOKEN}' }], connections },
        entra: { client: 'entra', tokens: [{ name: 'demo', secret: '${DEMO_ENTRA_TOKEN}' }], connections },
      },
    },
    { aliasDuplicateObjects: false },
  )
}
