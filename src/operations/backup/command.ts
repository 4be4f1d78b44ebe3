import type { Command } from 'commander'
import { examples, newCommand, type CommandContext } from '../../cli/command.ts'

interface Options {
  readonly json?: boolean
}

export function backupCommand(context: CommandContext): Command {
  return newCommand('backup', context)
    .description('Write the store to a file, at one consistent moment, while gateways go on.')
    .argument('<file>', 'file to write; it must not exist')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `${examples('backup drawbridge-2026-11-22.backup')}

It needs no PostgreSQL tools. The file holds people's data and sealed credentials: keep it as safe as the database.`,
    )
    .action(async (file: string, options: Options) => {
      const { backup } = await import('./backup.ts')
      context.finish(await backup(file, options, context.io, context.output))
    })
}

export function restoreCommand(context: CommandContext): Command {
  return newCommand('restore', context)
    .description('Fill an empty store from a backup. Every account is in doubt afterwards.')
    .argument('<file>', 'a file that "drawbridge backup" wrote')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `${examples('restore drawbridge-2026-11-22.backup')}

The gateway that starts on it runs shut-outs alone until reconciliation agrees, or "drawbridge recovered".`,
    )
    .action(async (file: string, options: Options) => {
      const { restore } = await import('./backup.ts')
      context.finish(await restore(file, options, context.io, context.output))
    })
}

export function moveCommand(context: CommandContext): Command {
  return newCommand('move', context)
    .description('Move the store to an empty database, such as from the embedded PostgreSQL to your own.')
    .requiredOption('--to <url>', 'postgresql:// address of an empty database')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `${examples('move --to postgresql://drawbridge:…@db.corp.example/drawbridge')}

Stop every gateway first. The old store is kept and refuses to be opened again.`,
    )
    .action(async (options: Options & { to: string }) => {
      const { moveStore } = await import('./backup.ts')
      context.finish(await moveStore(options, context.io, context.output))
    })
}
