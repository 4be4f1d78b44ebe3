import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import type { Client } from '../../cli/client.ts'
import { reportFaults } from '../../cli/configuration.ts'
import { type ExitCode, exitCodes } from '../../cli/exit-codes.ts'
import type { OperatorOptions } from '../../cli/operator-command.ts'
import type { Io, Output } from '../../cli/output.ts'
import { counted } from '../../cli/table.ts'
import { readFailure, readText } from '../../config/file.ts'
import { parseConfiguration } from '../../config/load.ts'
import { vendors } from '../../vendors/registry.ts'

export interface ApplyOptions extends OperatorOptions {
  readonly config: string
  readonly yes?: boolean
  readonly detach?: readonly string[]
  readonly abandon?: boolean
}

/** Shows what a file changes and, once somebody agrees, applies it. Secrets go to the gateway and nowhere else. */
export async function sendConfiguration(
  options: ApplyOptions,
  client: Client,
  io: Io,
  output: Output,
): Promise<ExitCode> {
  const { config: file, detach = [], abandon = false } = options
  const read = readWithReferences(file, io)
  if (!read.ok) {
    reportFaults(file, { environment: [], file: read.problems }, output)
    return exitCodes.usage
  }
  const request = { ...read.request, detach, abandon }
  const { changes } = await client.call<{ changes: string[] }>('POST', '/configuration/preview', request)
  if (!options.json) for (const change of changes) output.line(`  ${change.replaceAll('\n', '\n  ')}`)
  if (changes.length > 0 && !options.yes) {
    if (io.stdout.isTTY !== true || process.stdin.isTTY !== true) {
      output.problem('Nothing was changed. Add --yes to apply it.')
      return exitCodes.usage
    }
    if (!(await agreed(process.stdin, process.stdout))) {
      output.line('Nothing was changed.')
      return exitCodes.failed
    }
  }
  // Applied even without a difference: credentials are not in the store, so a new one does not show there.
  const done = await client.call<Done>('PUT', '/configuration', request)
  if (options.json) output.json({ running: client.running, ...done })
  else tellOf(done, client.running, output)
  return exitCodes.ok
}

interface Done {
  readonly changes: readonly string[]
  readonly gateways: number
  readonly reconnecting: readonly string[]
}

function tellOf(done: Done, isRunning: boolean, output: Output): void {
  const { changes, gateways, reconnecting } = done
  const what = changes.length === 0 ? 'no changes' : `${counted(changes.length, 'change')} applied`
  output.line(`${what}${isRunning ? '' : byOthers(done)}`)
  if (gateways > (isRunning ? 1 : 0) && reconnecting.length > 0)
    output.problem(
      `Gateways that were not asked lack the credentials of ${reconnecting.join(', ')}: restart them with the new file, or apply it to each with --url.`,
    )
}

/** Whoever runs on the same database reads it from there. */
function byOthers({ gateways }: Done): string {
  if (gateways === 0) return ' to the store; no gateway is running'
  return ` to the store; ${gateways === 1 ? 'the running gateway takes' : `${gateways} running gateways take`} it up within seconds`
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
    const text = readText(file)
    const loaded = parseConfiguration(text, recording, vendors, (path) => {
      const content = readFileSync(path)
      files[path] = content.toString('utf8')
      return content
    })
    return loaded.ok
      ? { ok: true as const, request: { text, variables, files } }
      : { ok: false as const, problems: loaded.problems }
  } catch (error) {
    const message = readFailure(error)
    if (message === undefined) throw error
    return { ok: false as const, problems: [{ path: '', line: 0, message }] }
  }
}

/** Asks whether to go on; anything but yes is no, and so are Ctrl-C and Ctrl-D. */
export async function agreed(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Promise<boolean> {
  const asking = createInterface({ input, output, terminal: true })
  const ended = new AbortController()
  asking.once('SIGINT', () => ended.abort()).once('close', () => ended.abort())
  try {
    const answer = await asking.question('Apply this? [y/N] ', { signal: ended.signal })
    return /^y(es)?$/i.test(answer.trim())
  } catch (error) {
    if (!ended.signal.aborted) throw error
    output.write('\n')
    return false
  } finally {
    asking.close()
  }
}
