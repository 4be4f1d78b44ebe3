import type { Command } from 'commander'
import { defaultFile, examples, type Parts } from '../../command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../operate/command.ts'

export interface ApplyOptions extends OperatorOptions {
  readonly config: string
  readonly yes?: boolean
  readonly detach?: readonly string[]
  readonly abandon?: boolean
}

export function applyCommand(parts: Parts): Command {
  return operatorCommand('apply', parts)
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
      withClient(parts, { ...options, alone: 'new' }, async (client, output) => {
        const { apply } = await import('../../operate/apply.ts')
        return apply(options, client, parts.surroundings, output)
      }),
    )
}
