import type { Command } from 'commander'
import { newCommand, type CommandContext } from './command.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import type { Output } from './output.ts'
import type { Client } from './client.ts'

/** Options of every command that talks to a gateway. */
export interface OperatorOptions {
  readonly url?: string
  readonly json?: boolean
}

/** A command over the operator API. */
export function operatorCommand(name: string, context: CommandContext): Command {
  return newCommand(name, context)
    .option(
      '--url <url>',
      'address of the gateway (default: DRAWBRIDGE_URL, else the gateway running on this machine)',
    )
    .option('--json', 'print the result as JSON')
}

/** Runs with a client that is closed afterwards; `offline` lets it open the store itself when no gateway runs. */
export async function withClient(
  context: CommandContext,
  options: OperatorOptions & { readonly offline?: boolean | 'new' },
  run: (client: Client, output: Output) => Promise<ExitCode | undefined>,
): Promise<void> {
  const { openClient } = await import('./client.ts')
  const client = await openClient(options, context)
  try {
    context.finish((await run(client, context.output)) ?? exitCodes.ok)
  } finally {
    await client.close()
  }
}
