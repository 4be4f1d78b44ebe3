import type { Command } from 'commander'
import { examples, type Parts } from '../../command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../operate/command.ts'
import { connectionOf, pathOf } from '../../operate/names.ts'

export function recoveredCommand(parts: Parts): Command {
  return operatorCommand('recovered', parts)
    .description(
      'After a restore: let everything but shut-outs run again at a connection, without waiting for reconciliation.',
    )
    .argument('<connection>', 'name of a connection, or <directory>/<connection>')
    .addHelpText('after', examples('recovered falcon'))
    .action(async (named: string, options: OperatorOptions) =>
      withClient(parts, options, async (client, output) => {
        const connection = await connectionOf(client, named)
        const answer = await client.call<{ accounts: number }>(
          'POST',
          `/connections/${connection.id}/recovered`,
        )
        if (options.json) output.json(answer)
        else output.line(`${answer.accounts} accounts due at ${pathOf(connection)}`)
        return undefined
      }),
    )
}
