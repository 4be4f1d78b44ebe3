import { vendorOf } from '../../vendors/registry.ts'
import type { VendorSimulator } from '../../simulators/simulator.ts'
import { simulators } from '../../simulators/registry.ts'
import { aborted, runUntilStopped } from '../../cli/shutdown.ts'
import { exitCodes, type ExitCode } from '../../cli/exit-codes.ts'
import type { Output } from '../../cli/output.ts'
import type { ApiProfile } from '../../model/account.ts'

export interface SimulateOptions {
  readonly port?: number
  readonly profile?: string
  readonly json?: boolean
}

/** Runs simulators until stopped and shows what a connection to each of them needs. */
export async function simulate(wanted: string, options: SimulateOptions, output: Output): Promise<ExitCode> {
  const known = Object.keys(simulators)
  const ids = wanted === 'all' ? known : known.filter((id) => id === wanted)
  if (ids.length === 0) {
    output.problem(`There is no simulator for this vendor; there are: ${known.join(', ')}, all.`)
    return exitCodes.usage
  }
  const profiles = ids.map((id) => profileFor(id, options.profile))
  if (wanted !== 'all' && options.profile !== undefined && profiles[0] !== options.profile) {
    output.problem(
      `${wanted} has no profile ${options.profile}; it has ${vendorOf(wanted)?.profiles.join(', ')}.`,
    )
    return exitCodes.usage
  }
  return runUntilStopped(output, async (stopped) => {
    const running: VendorSimulator[] = []
    try {
      for (const [index, id] of ids.entries()) {
        const start = await simulators[id]!()
        running.push(await start(options.port ? { port: options.port + index } : {}))
      }
      show(running, profiles, options, output)
      await aborted(stopped)
      return exitCodes.ok
    } catch (error) {
      output.problem(`The simulator could not be started: ${(error as Error).message}`)
      return exitCodes.failed
    } finally {
      await Promise.all(running.map((each) => each.close()))
    }
  })
}

function profileFor(id: string, asked: string | undefined): ApiProfile {
  const profiles = vendorOf(id)?.profiles ?? ['current']
  return profiles.find((profile) => profile === asked) ?? profiles[0]
}

function show(
  running: readonly VendorSimulator[],
  profiles: readonly ApiProfile[],
  { json }: SimulateOptions,
  output: Output,
): void {
  const entries = running.map((simulator, index) => {
    const profile = profiles[index] ?? 'current'
    return { vendor: simulator.vendor, origin: simulator.origin, profile, ...simulator.connection(profile) }
  })
  if (json) return output.json({ simulators: entries })
  for (const { vendor, origin, profile, settings, credentials } of entries) {
    output.line(`${output.paint('bold', vendor)} (${profile}) on ${origin}`)
    output.line(`  settings:    ${JSON.stringify(settings)}`)
    output.line(`  credentials: ${JSON.stringify(credentials)}`)
  }
  output.line()
  output.line('Start the gateway with DRAWBRIDGE_INSECURE_TARGETS=127.0.0.1 to reach them. Ctrl-C stops.')
}
