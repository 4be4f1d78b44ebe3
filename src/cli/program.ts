import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { ExitCode } from './exit-codes.ts'
import type { Output, Surroundings } from './output.ts'

const defaultFile = 'drawbridge.yaml'

interface Parts {
  readonly surroundings: Surroundings
  readonly output: Output
  /** Is told the exit code. */
  readonly finish: (code: ExitCode) => void
}

/** The command line. Each command's code is loaded when the command runs, so that help answers at once. */
export function createProgram(parts: Parts): Command {
  return newCommand('drawbridge', parts)
    .description('One SCIM 2.0 service provider in front of vendors that have their own REST API.')
    .version(version(), '-V, --version', 'print the version')
    .addHelpText('after', exitCodeText)
    .addCommand(serveCommand(parts))
    .addCommand(demoCommand(parts))
    .addCommand(simulateCommand(parts))
    .addCommand(checkCommand(parts))
    .addCommand(doctorCommand(parts))
}

function serveCommand(parts: Parts): Command {
  return newCommand('serve', parts)
    .description('Run the gateway until it is told to stop (SIGINT or SIGTERM).')
    .option('--config <file>', 'configuration file', defaultFile)
    .addHelpText('after', examples('serve --config drawbridge.yaml', 'serve   # reads ./drawbridge.yaml'))
    .action(async (options: { config: string }) => {
      const { serve } = await import('./serve.ts')
      parts.finish(await serve(options, parts.surroundings, parts.output))
    })
}

function demoCommand(parts: Parts): Command {
  return newCommand('demo', parts)
    .description('Run the gateway against simulated vendors and show a joiner, a mover and a leaver.')
    .option('--exit', 'stop when the demonstration is over; exit code 0 only if everything was proven')
    .addHelpText('after', examples('demo', 'demo --exit'))
    .action(async (options: { exit?: boolean }) => {
      const { demo } = await import('./demo.ts')
      parts.finish(await demo({ exit: options.exit === true }, parts.surroundings, parts.output))
    })
}

function simulateCommand(parts: Parts): Command {
  return newCommand('simulate', parts)
    .description('Run simulated vendor APIs on this machine until told to stop.')
    .argument('<vendor>', 'id of a vendor, or "all"')
    .option('--port <number>', 'port of the first simulator; any free one when left out', portNumber)
    .addOption(
      new Option('--profile <profile>', 'API profile of the connection that is printed').choices([
        'current',
        'legacy',
        'guide',
      ]),
    )
    .option('--json', 'print the addresses as JSON')
    .addHelpText('after', examples('simulate sentry --port 9001', 'simulate all --json'))
    .action(async (vendor: string, options: { port?: number; profile?: string; json?: boolean }) => {
      const { simulate } = await import('./simulate.ts')
      parts.finish(await simulate(vendor, options, parts.output))
    })
}

function checkCommand(parts: Parts): Command {
  return newCommand('check', parts)
    .description('Check a configuration file without contacting anybody, and show what it means.')
    .option('--config <file>', 'configuration file', defaultFile)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', examples('check --config drawbridge.yaml', 'check --json'))
    .action(async (options: { config: string; json?: boolean }) => {
      const { check } = await import('./check.ts')
      parts.finish(await check(options, parts.surroundings, parts.output))
    })
}

function doctorCommand(parts: Parts): Command {
  return newCommand('doctor', parts)
    .description('Examine one connection at its vendor, changing nothing, and show what is wrong.')
    .argument('<connection>', 'name of a connection, or <directory>/<connection>')
    .option('--config <file>', 'configuration file', defaultFile)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', examples('doctor falcon --config drawbridge.yaml', 'doctor corp/sentry --json'))
    .action(async (connection: string, options: { config: string; json?: boolean }) => {
      const { doctor } = await import('./doctor.ts')
      parts.finish(await doctor(connection, options, parts.surroundings, parts.output))
    })
}

function newCommand(name: string, { surroundings: { stdout, stderr } }: Parts): Command {
  return new Command(name)
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
}

function portNumber(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be between 0 and 65535.')
  return port
}

const exitCodeText = `
Exit codes:
  0  done
  1  the command could not be carried out, or the doctor found something wrong
  2  unknown command or option, or a configuration that cannot be used; nothing was done

In a checkout, "npm run drawbridge -- <command>" is the command line.`

function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  drawbridge ${line}`)].join('\n')
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
