import type { ConnectionConfig } from '../model/configuration.ts'
import type { AnyVendor, DoctorFinding, Target } from '../vendors/contract.ts'
import type { Kit } from '../vendors/kit/kit.ts'
import { accounts, catalogue, credentials, identity, type Report, search, tenant } from './checks.ts'
import { clockFinding, createRecorder, limitsFinding, repliesFinding, routeFindings } from './exchanges.ts'
import { nativeScimOf } from './native-scim.ts'
import { type Memory, open } from './open.ts'

export interface Patient {
  readonly directory: string
  readonly connection: ConnectionConfig
  readonly vendor: AnyVendor
}

/** Looks at everything that a connection needs and tells what is wrong. Changes nothing at the vendor. */
export async function examine(
  { directory, connection, vendor }: Patient,
  kit: Kit,
  memory?: Memory,
): Promise<Report> {
  const recorder = createRecorder()
  const watched = { ...kit, observe: recorder.observe, deviated: recorder.deviated }
  const { target, profile, finding: profileFinding } = await open(connection, vendor, watched, memory)

  const accepted = await credentials(target, vendor)
  const own: DoctorFinding[] = []
  for await (const each of target.examine?.() ?? []) own.push(each)
  // Nobody answers refused credentials; asking on could lock them.
  const looked = accepted.refused ? { findings: [], found: [] } : await look(target, connection)

  const routes = routeFindings(vendor.routes?.(profile) ?? [], recorder.exchanges)
  const findings = [
    profileFinding,
    accepted.finding,
    ...own,
    // What the vendor's own examination tells is told once.
    ...looked.findings.filter(({ check }) => own.every((each) => each.check !== check)),
    clockFinding(recorder.exchanges),
    limitsFinding(recorder.exchanges),
    repliesFinding(recorder.deviations),
  ]
  const { plan } = connection
  return {
    ok: [...findings, ...routes].every(({ state }) => state !== 'failed'),
    connection: connection.name,
    directory,
    vendor: vendor.id,
    profile: { configured: connection.apiProfile, used: profile },
    ...nativeScimOf(vendor.nativeScim, plan, looked.found),
    findings,
    routes,
    ...(plan === undefined ? {} : { plan }),
    ...(vendor.nativeScim ? { gaps: vendor.nativeScim } : {}),
  }
}

async function look(target: Target, { policy, credentialsEndAt }: ConnectionConfig) {
  const findings: DoctorFinding[] = [await tenant(target), ...(await identity(target, credentialsEndAt))]
  findings.push(...(await catalogue(target, policy)), await search(target))
  const { found, finding } = await accounts(target)
  return { findings: [...findings, finding], found }
}
