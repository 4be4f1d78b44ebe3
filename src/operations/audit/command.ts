import { visibleJson } from '../../model/text.ts'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { columns, csv, csvHeader } from './formats.ts'
import type { AuditEvent } from './store.ts'
import type { VerifiedChain } from './verify.ts'
import { examples, newCommand, type CommandContext } from '../../cli/command.ts'
import { exitCodes } from '../../cli/exit-codes.ts'
import type { Client } from '../../cli/client.ts'
import { counted } from '../../cli/table.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'

interface Head {
  readonly directory: string | null
  readonly position: number
  readonly hash: string
}

interface ExportOptions extends OperatorOptions {
  readonly format: 'ndjson' | 'csv'
  readonly directory?: string
  readonly since?: string
  readonly until?: string
}

export function auditCommand(context: CommandContext): Command {
  return newCommand('audit', context)
    .description('The audit: who changed what, in a chain of hashes that reveals tampering.')
    .addCommand(exportCommand(context))
    .addCommand(verifyCommand(context))
    .addCommand(eraseCommand(context))
    .addCommand(adoptCommand(context))
}

function exportCommand(context: CommandContext): Command {
  return operatorCommand('export', context)
    .description('Write all events to standard output, oldest first.')
    .addOption(new Option('--format <format>', 'output format').choices(['ndjson', 'csv']).default('ndjson'))
    .option('--directory <name>', 'only events of this directory')
    .option('--since <instant>', 'only events from this instant on, such as 2026-11-01T00:00:00Z', instantOf)
    .option('--until <instant>', 'only events before this instant', instantOf)
    .addHelpText(
      'after',
      `${examples('audit export > audit.ndjson', 'audit export --format csv --since 2026-11-01T00:00:00Z')}

Columns of the CSV: ${columns.join(', ')}.`,
    )
    .action(async (options: ExportOptions) =>
      withClient(context, { ...options, offline: true }, async (client) => {
        const { stdout } = context.io
        if (options.format === 'csv') stdout.write(csvHeader)
        for await (const event of events(client, options))
          stdout.write(options.format === 'csv' ? csv(event) : `${visibleJson(event)}\n`)
        return undefined
      }),
    )
}

async function* events(client: Client, options: ExportOptions): AsyncGenerator<AuditEvent> {
  const { directory, since, until } = options
  const period = Object.entries({ directory, since, until }).filter((each) => each[1] !== undefined)
  for (let after: string | undefined = '0'; after !== undefined;) {
    const query = new URLSearchParams([...(period as [string, string][]), ['limit', '500'], ['after', after]])
    const page: { items: AuditEvent[]; next?: string } = await client.call('GET', `/audit?${query}`)
    yield* page.items
    after = page.next
  }
}

function verifyCommand(context: CommandContext): Command {
  return operatorCommand('verify', context)
    .description('Recompute every chain; exit code 1 if anything was altered.')
    .option(
      '--head <directory:position:hash>',
      'a head of a chain from the log or a delivery, to reveal what was cut off; may be repeated',
      (text: string, before: readonly Head[] = []) => [...before, headOf(text)],
    )
    .addHelpText('after', examples('audit verify', 'audit verify --head corp:5120:9f2c… --json'))
    .action(async (options: OperatorOptions & { head?: readonly Head[] }) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const body = options.head ? { heads: options.head } : {}
        const result = await client.call<{ ok: boolean; chains: VerifiedChain[] }>(
          'POST',
          '/audit/verify',
          body,
        )
        if (options.json) output.json(result)
        for (const { directory, events: count, from, head, faults, keyed, unsealed } of options.json
          ? []
          : result.chains) {
          const name = directory ?? 'the gateway itself'
          const older = from > 0 ? `, older ones dropped up to position ${from}` : ''
          const waiting =
            unsealed.count > 0
              ? `, ${counted(unsealed.count, 'event')} not sealed yet, the oldest for ${unsealed.oldestSeconds} s`
              : ''
          const open = keyed ? '' : ', no key vouches for it'
          const state = faults.length === 0 ? output.paint('green', 'ok') : output.paint('red', 'FAULT')
          output.line(
            `${state} ${name}: ${counted(count, 'event')}, head ${head.position}:${head.hash}${older}${waiting}${open}`,
          )
          for (const fault of faults) output.line(`  ${fault.kind}: ${fault.detail}`)
        }
        return result.ok ? exitCodes.ok : exitCodes.failed
      }),
    )
}

function eraseCommand(context: CommandContext): Command {
  return operatorCommand('erase', context)
    .description(
      'Erase what the audit says about a person; that something happened stays, and the chain verifies.',
    )
    .argument('<userName>', 'userName of a person, even one who was deleted')
    .requiredOption('--directory <name>', 'the person’s directory')
    .addHelpText('after', examples('audit erase ada@corp.example --directory corp'))
    .action(async (userName: string, options: OperatorOptions & { directory: string }) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const { directory } = options
        const done = await client.call<{ events: number }>('POST', '/audit/erase', { directory, userName })
        if (options.json) output.json(done)
        else output.line(`${counted(done.events, 'event')} erased; the chain still verifies.`)
        return undefined
      }),
    )
}

function adoptCommand(context: CommandContext): Command {
  return operatorCommand('adopt', context)
    .description('Vouch with the master key for all chains as they are now.')
    .addHelpText(
      'after',
      `${examples('audit adopt')}

Needed once where events were sealed before the gateway had DRAWBRIDGE_MASTER_KEY, and before a master key
is taken out of it. Compare the heads that audit verify shows with the log first: whatever they hold is taken for right.`,
    )
    .action(async (options: OperatorOptions) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const done = await client.call<{ chains: Head[] }>('POST', '/audit/adopt')
        if (options.json) output.json(done)
        else
          for (const { directory, position, hash } of done.chains)
            output.line(`${directory ?? 'the gateway itself'}: vouched for up to ${position}:${hash}`)
        return undefined
      }),
    )
}

function instantOf(text: string): string {
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('It must be an ISO 8601 instant.')
  return date.toISOString()
}

function headOf(text: string): Head {
  const [, directory = '', position, hash = ''] = /^([^:]*):(\d+):([0-9a-f]{64})$/.exec(text) ?? []
  if (position === undefined)
    throw new InvalidArgumentError(
      'It must be <directory>:<position>:<hash>, the directory empty for the gateway.',
    )
  return { directory: directory === '' ? null : directory, position: Number(position), hash }
}
