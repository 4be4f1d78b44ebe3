import { createLogger } from '../../logger.ts'
import { aborted, runUntilStopped } from '../../cli/shutdown.ts'
import { readSettings, reportFaults } from '../../cli/configuration.ts'
import { exitCodes, type ExitCode } from '../../cli/exit-codes.ts'
import type { Output, Io } from '../../cli/output.ts'

/** Runs the gateway; a configuration with problems starts nothing. */
export async function serve(options: { readonly config: string }, io: Io, output: Output): Promise<ExitCode> {
  const settings = readSettings(options.config, io)
  if (!settings.ok) {
    reportFaults(options.config, settings.faults, output)
    return exitCodes.usage
  }
  const { environment, configuration } = settings
  const log = createLogger(environment.logLevel)
  const { startGateway } = await import('../gateway.ts')
  return runUntilStopped(output, async (stopped) => {
    const gateway = await startGateway({ environment, configuration, log })
    log.info({ url: gateway.url, directories: configuration.directories.length }, 'gateway ready')
    await aborted(stopped)
    await gateway.close()
    log.info('gateway stopped')
    return exitCodes.ok
  })
}
