import type { Command } from 'commander'
import { examples, newCommand, type Parts } from '../../cli/command.ts'

interface Options {
  readonly json?: boolean
}

export function backupCommand(parts: Parts): Command {
  return newCommand('backup', parts)
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
      parts.finish(await backup(file, options, parts.surroundings, parts.output))
    })
}

export function restoreCommand(parts: Parts): Command {
  return newCommand('restore', parts)
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
      parts.finish(await restore(file, options, parts.surroundings, parts.output))
    })
}

export function moveCommand(parts: Parts): Command {
  return newCommand('move', parts)
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
      parts.finish(await moveStore(options, parts.surroundings, parts.output))
    })
}
