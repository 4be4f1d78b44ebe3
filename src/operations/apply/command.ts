import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import type { Client } from '../../cli/client.ts'
import { defaultFile, examples, type CommandContext } from '../../cli/command.ts'
import { reportFaults } from '../../cli/configuration.ts'
import { type ExitCode, exitCodes } from '../../cli/exit-codes.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import type { Output, Io } from '../../cli/output.ts'
import { parseConfiguration } from '../../config/load.ts'
import { vendors } from '../../vendors/registry.ts'

interface ApplyOptions extends OperatorOptions {
  readonly config: string
  readonly yes?: boolean
  readonly detach?: readonly string[]
  readonly abandon?: boolean
}

export function applyCommand(context: CommandContext): Command {
  return operatorCommand('apply', context)
    .description('Make a running gateway follow a configuration file, after showing what that changes.')
    .option('--config <file>', 'configuration file', defaultFile)
    .option('--yes', 'apply without asking; needed where nobody sits at a terminal')
    .option('--detach <connection...>', 'let go of a connection that the file lacks, without a vendor call')
    .option('--abandon', 'detach although shut-outs are unproven there: they will not be done')
    .addHelpText(
      'after',
      examples('apply', 'apply --config drawbridge.yaml --yes', 'apply --detach corp/falcon'),
    )
    .action(async (options: ApplyOptions) =>
      withClient(context, { ...options, offline: 'new' }, async (client, output) => {
        return apply(options, client, context.io, output)
      }),
    )
}

/** Shows what a file changes and, once somebody agrees, applies it. Secrets go to the gateway and nowhere else. */
async function apply(options: ApplyOptions, client: Client, io: Io, output: Output): Promise<ExitCode> {
  const { config: file, detach = [], abandon = false } = options
  const read = readWithReferences(file, io)
  if (!read.ok) {
    reportFaults(file, { environment: [], file: read.problems }, output)
    return exitCodes.usage
  }
  const request = { ...read.request, detach, abandon }
  const { changes } = await client.call<{ changes: string[] }>('POST', '/configuration/preview', request)
  if (!options.json) for (const change of changes) output.line(`  ${change}`)
  if (changes.length > 0 && !options.yes && !(await agreed(io))) {
    output.problem('Nothing was changed. Add --yes to apply it.')
    return exitCodes.usage
  }
  // Applied even without a difference: credentials are not in the store, so a new one does not show there.
  const done = await client.call<{ changes: string[] }>('PUT', '/configuration', request)
  if (options.json) output.json({ running: client.running, changes: done.changes })
  else {
    const what = done.changes.length === 0 ? 'no difference' : `${done.changes.length} changes applied`
    output.line(client.running ? what : `${what} to the store; no gateway runs`)
  }
  return exitCodes.ok
}

/** The file's text, and what its references stand for here. */
function readWithReferences(file: string, { env }: Io) {
  const variables: Record<string, string> = {}
  const files: Record<string, string> = {}
  const recording = new Proxy(env, {
    get(target, name) {
      const value = target[String(name)]
      if (value !== undefined && name !== 'DRAWBRIDGE_INSECURE_TARGETS') variables[String(name)] = value
      return value
    },
  })
  try {
    const text = readFileSync(file, 'utf8')
    const loaded = parseConfiguration(text, recording, vendors, (path) => {
      const content = readFileSync(path)
      files[path] = content.toString('utf8')
      return content
    })
    return loaded.ok
      ? { ok: true as const, request: { text, variables, files } }
      : { ok: false as const, problems: loaded.problems }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return {
      ok: false as const,
      problems: [{ path: '', line: 0, message: `cannot be read (${code})` }],
    }
  }
}

async function agreed({ stdout }: Io): Promise<boolean> {
  if (stdout.isTTY !== true || process.stdin.isTTY !== true) return false
  const asking = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^y(es)?$/i.test((await asking.question('Apply this? [y/N] ')).trim())
  } finally {
    asking.close()
  }
}
