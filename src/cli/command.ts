import { Command, Help, InvalidArgumentError } from 'commander'
import type { Environment } from '../model/configuration.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Output, Io } from './output.ts'

export const defaultFile = 'drawbridge.yaml'

/** What every command is given. */
export interface CommandContext {
  readonly io: Io
  readonly output: Output
  /** Is told the exit code. */
  readonly finish: (code: ExitCode) => void
  /** Opens the store of this machine, for commands that can do without a running gateway. Rejects with a `GatewayError`. */
  readonly openOffline: (environment: Environment) => Promise<OfflineApi>
}

/** The operator API over a store on which no gateway runs: for commands that need no vendor. */
export interface OfflineApi {
  request(
    method: string,
    path: string,
    body: unknown,
  ): Promise<{ readonly status: number; readonly text: string }>
  close(): Promise<void>
}

/** A command that writes through `context` and never ends the process by itself. */
export function newCommand(name: string, { io: { stdout, stderr } }: CommandContext): Command {
  return new Command(name)
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
    .configureHelp({ commandUsage: usageOf })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
}

/** Options that must be given stand in the usage, as arguments do. */
function usageOf(command: Command): string {
  const needed = command.options.filter(({ mandatory }) => mandatory).map(({ flags }) => `${flags} `)
  return new Help().commandUsage(command).replace('[options]', `${needed.join('')}[options]`)
}

/** For `addHelpText('after', …)`: command lines without the program's name. */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  drawbridge ${line}`)].join('\n')
}

export function portNumber(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be between 0 and 65535.')
  return port
}
