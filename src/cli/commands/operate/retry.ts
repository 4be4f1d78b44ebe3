import type { Command } from 'commander'
import { examples, type Parts } from '../../command.ts'
import { exitCodes } from '../../exit-codes.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../operate/command.ts'
import { connectionOf, pathOf } from '../../operate/names.ts'
import type { Account } from './accounts.ts'

interface Options extends OperatorOptions {
  readonly user?: string
  readonly unpark?: boolean
}

export function retryCommand(parts: Parts): Command {
  return operatorCommand('retry', parts)
    .description('Try what is not proven again now: everything of a connection, or one person’s.')
    .argument('[connection]', 'name of a connection, or <directory>/<connection>')
    .option('--user <userName>', 'only this person, at every connection unless one is named')
    .option('--unpark', 'let a parked connection work again first')
    .addHelpText('after', examples('retry falcon', 'retry falcon --unpark', 'retry --user ada@corp.example'))
    .action(async (named: string | undefined, options: Options) =>
      withClient(parts, options, async (client, output) => {
        if (named === undefined && options.user === undefined) {
          output.problem('Name a connection, or a person with --user.')
          return exitCodes.usage
        }
        const connection = named === undefined ? undefined : await connectionOf(client, named)
        if (connection && options.unpark) await client.call('POST', `/connections/${connection.id}/unpark`)
        const accounts = await (options.user === undefined
          ? client
              .call<{ accounts: number }>('POST', `/connections/${connection?.id}/retry`)
              .then((answer) => answer.accounts)
          : retryPerson(client, options.user, connection?.id))
        if (options.json) output.json({ accounts })
        else
          output.line(
            `${accounts} account${accounts === 1 ? '' : 's'} due now${connection ? ` at ${pathOf(connection)}` : ''}`,
          )
        return undefined
      }),
    )
}

type Client = Parameters<Parameters<typeof withClient>[2]>[0]

async function retryPerson(
  client: Client,
  userName: string,
  connection: string | undefined,
): Promise<number> {
  const query = new URLSearchParams({ userName, status: 'unproven', ...(connection ? { connection } : {}) })
  const accounts = await client.all<Account>(`/accounts?${query.toString()}`)
  for (const { id } of accounts) await client.call('POST', `/accounts/${id}/retry`)
  return accounts.length
}
