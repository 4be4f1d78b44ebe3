import type { Configuration, Environment } from '../config/model.ts'
import { examine, type Patient } from '../doctor/examine.ts'
import type { Memory } from '../doctor/open.ts'
import { page } from '../doctor/page.ts'
import { createDispatcher } from '../egress.ts'
import { createLogger } from '../logger.ts'
import type { Kit } from '../vendors/kit/kit.ts'
import { vendorOf } from '../vendors/registry.ts'
import { readSettings, reportFaults } from './configuration.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import type { Output, Surroundings } from './output.ts'

const timeoutMs = 30_000

/** Examines one connection at its vendor; `name` may carry its directory, as in `corp/falcon`. */
export async function doctor(
  name: string,
  options: { readonly config: string; readonly json?: boolean; readonly reprobe?: boolean },
  surroundings: Pick<Surroundings, 'env'>,
  output: Output,
): Promise<ExitCode> {
  const settings = readSettings(options.config, surroundings)
  if (!settings.ok) {
    reportFaults(options.config, settings.faults, output)
    return exitCodes.usage
  }
  const patients = patientsOf(settings.configuration)
  const meant = patients.filter((each) => [each.connection.name, pathOf(each)].includes(name))
  const [patient, another] = meant
  if (!patient || another) {
    const known = (another ? meant : patients).map(pathOf).join(', ') || 'none'
    output.problem(
      `${another ? 'Several connections are' : 'There is no connection'} called ${name}; there are: ${known}.`,
    )
    return exitCodes.usage
  }
  const { environment } = settings
  const report = await withMemory(environment, patient, options.reprobe === true, output, (memory) =>
    withKit(environment, (kit) => examine(patient, kit, memory)),
  )
  if (options.json) output.json(report)
  else for (const line of page(report, output.paint)) output.line(line)
  return report.ok ? exitCodes.ok : exitCodes.failed
}

function patientsOf({ directories }: Configuration): readonly Patient[] {
  return directories.flatMap(({ name: directory, connections }) =>
    connections.flatMap((connection) => {
      const vendor = vendorOf(connection.vendor)
      return vendor ? [{ directory, connection, vendor }] : []
    }),
  )
}

function pathOf({ directory, connection }: Patient): string {
  return `${directory}/${connection.name}`
}

const nothing = async (): Promise<undefined> => undefined

/**
 * Lends what the store of DATABASE_URL keeps of the API profile; only who asks again
 * keeps what was found. An embedded store belongs to the
 * gateway that runs it.
 */
async function withMemory<T>(
  { databaseUrl }: Environment,
  patient: Patient,
  again: boolean,
  output: Output,
  work: (memory?: Memory) => Promise<T>,
): Promise<T> {
  if (databaseUrl === undefined || patient.connection.apiProfile !== 'auto') return work()
  const { withKeptProfile } = await import('../store/connections/kept-profile.ts')
  let hasBegun = false
  try {
    return await withKeptProfile(databaseUrl, patient, (kept) => {
      hasBegun = true
      return work(kept && { ...kept, ...(again ? { profile: nothing } : { keepProfile: nothing }) })
    })
  } catch (error) {
    if (hasBegun) throw error
    output.problem(
      'The store of DATABASE_URL does not tell what is kept of the API profile; it is asked anew.',
    )
    return work()
  }
}

async function withKit<T>(
  { insecureTargets, vendorProxy }: Environment,
  work: (kit: Kit) => Promise<T>,
): Promise<T> {
  const dispatcher = createDispatcher(insecureTargets, vendorProxy)
  const stop = new AbortController()
  // Log lines would mix with the page.
  const log = createLogger('silent')
  try {
    return await work({ log, dispatcher, signal: stop.signal, now: Date.now, timeoutMs })
  } finally {
    stop.abort()
    await dispatcher.destroy()
  }
}
