import type { Command } from 'commander'
import { examples, newCommand, type CommandContext } from '../../cli/command.ts'

interface Options {
  readonly json?: boolean
}

export function backupCommand(context: CommandContext): Command {
  return newCommand('backup', context)
    .description('Back up the store to a file, as of one moment, while gateways keep running.')
    .argument('<file>', 'file to write; must not exist yet')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `${examples('backup drawbridge-2026-11-22.backup')}

No PostgreSQL tools are needed. The file holds personal data and sealed credentials: protect it like the database.`,
    )
    .action(async (file: string, options: Options) => {
      const { backup } = await import('./backup.ts')
      context.finish(await backup(file, options, context.io, context.output))
    })
}

export function restoreCommand(context: CommandContext): Command {
  return newCommand('restore', context)
    .description('Restore a backup into an empty store. Every account is in doubt afterwards.')
    .argument('<file>', 'file written by "drawbridge backup"')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `${examples('restore drawbridge-2026-11-22.backup')}

A gateway that starts on it carries out only shut-outs until reconciliation finds nothing that contradicts the
store, or you run "drawbridge recovered".`,
    )
    .action(async (file: string, options: Options) => {
      const { restore } = await import('./backup.ts')
      context.finish(await restore(file, options, context.io, context.output))
    })
}

export function moveCommand(context: CommandContext): Command {
  return newCommand('move', context)
    .description('Move the store to an empty database, for example from the embedded PostgreSQL to your own.')
    .requiredOption('--to <url>', 'postgresql:// URL of an empty database')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `${examples('move --to postgresql://drawbridge:…@db.corp.example/drawbridge')}

Stop every gateway first. The old store is kept, but can no longer be opened.`,
    )
    .action(async (options: Options & { to: string }) => {
      const { moveStore } = await import('./backup.ts')
      context.finish(await moveStore(options, context.io, context.output))
    })
}
