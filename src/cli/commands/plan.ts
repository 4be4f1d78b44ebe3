import { type Command, Option } from 'commander'
import { examples, type Parts } from '../command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../operate/command.ts'

interface Options extends OperatorOptions {
  readonly rules?: string
  readonly state?: string
  readonly now?: boolean
}

export function planCommand(parts: Parts): Command {
  return operatorCommand('plan', parts)
    .description(
      'Show what waits to be done at a connection, what would be done now, or what changed rules would do; nothing is applied.',
    )
    .argument('<connection>', 'name of a connection, or <directory>/<connection>')
    .option('--rules <file>', 'a configuration file, or one with only rules, default, exclusive, people')
    .option('--now', 'work out what would be done now for everybody, with the vendor’s present catalogue')
    .addOption(
      new Option('--state <state>', 'only plans of this state').choices([
        'recorded',
        'waiting',
        'approved',
        'rejected',
      ]),
    )
    .addHelpText(
      'after',
      examples('plan falcon', 'plan falcon --now', 'plan corp/sentry --rules new.yaml --json'),
    )
    .action(async (connection: string, options: Options) =>
      withClient(parts, { ...options, alone: options.now !== true }, async (client, output) => {
        if (options.rules !== undefined) {
          const { planRules } = await import('../rules/plan-rules.ts')
          return planRules(
            connection,
            { ...options, rules: options.rules },
            client,
            parts.surroundings,
            output,
          )
        }
        if (options.now) {
          const { showPreview } = await import('../operate/preview.ts')
          await showPreview(client, output, connection, options)
          return undefined
        }
        const { showPlans } = await import('../operate/plans.ts')
        await showPlans(client, output, connection, options)
        return undefined
      }),
    )
}
