import { withKit } from '../kit.ts'
import type { Configuration, Environment } from '../../model/configuration.ts'
import { examine, type Patient } from '../../doctor/examine.ts'
import type { Memory } from '../../doctor/open.ts'
import { page } from '../../doctor/page.ts'
import { vendorOf } from '../../vendors/registry.ts'
import { readSettings, reportFaults } from '../../cli/configuration.ts'
import { exitCodes, type ExitCode } from '../../cli/exit-codes.ts'
import { theOne } from '../../cli/names.ts'
import type { Output, Io } from '../../cli/output.ts'

/** Examines one connection at its vendor; `name` may carry its directory, as in `corp/falcon`. */
export async function doctor(
  name: string,
  options: { readonly config: string; readonly json?: boolean; readonly reprobe?: boolean },
  io: Pick<Io, 'env'>,
  output: Output,
): Promise<ExitCode> {
  const settings = readSettings(options.config, io)
  if (!settings.ok) {
    reportFaults(options.config, settings.faults, output)
    return exitCodes.usage
  }
  const kind = {
    what: 'connection',
    namesOf: (each: Patient) => [each.connection.name, pathOf(each)],
    shown: pathOf,
  }
  const patient = theOne(kind, patientsOf(settings.configuration), name)
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
  const { withKeptProfile } = await import('../../store/connections/kept-profile.ts')
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
