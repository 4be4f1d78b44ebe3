import { type Command, Option } from 'commander'
import { examples, newCommand, type CommandContext } from '../../cli/command.ts'
import { exitCodes } from '../../cli/exit-codes.ts'
import { connectionOf, pathOf } from '../../cli/names.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import { counted, table, when } from '../../cli/table.ts'
import { explainedBy } from '../../model/errors.ts'
import { decideCommand, undecidedCommand } from '../import/command.ts'

interface Account {
  readonly id: string
  readonly connection: string
  readonly directory: string
  readonly userName: string
  readonly wanted: string
  readonly status: string
  readonly proven: boolean
  readonly unmanaged: boolean
  readonly vendorAccountId?: string
  readonly provenAt?: string
  readonly failure?: { readonly kind?: string; readonly detail?: string }
  readonly deviations: readonly { readonly detail?: string }[]
}

interface Options extends OperatorOptions {
  readonly connection?: string
  readonly status?: string
  readonly user?: string
  readonly ignored?: boolean
}

const statuses = ['unproven', 'pending', 'waiting', 'verifying', 'invited', 'proven', 'failed']

export function accountCommand(context: CommandContext): Command {
  return newCommand('account', context)
    .description('The accounts of people at vendors.')
    .addCommand(list(context))
    .addCommand(journal(context))
    .addCommand(undecidedCommand(context))
    .addCommand(decideCommand(context))
    .addCommand(
      change(context, 'relink', {
        done: 'relinked',
        unchanged: 'ignored; manage it first',
        description: 'Forget which vendor account is linked; it is looked up by its login again.',
      }),
    )
    .addCommand(
      change(context, 'ignore', {
        done: 'ignored',
        unchanged: 'ignored already',
        description: 'Exclude an account from provisioning: it is listed, but never changed.',
      }),
    )
    .addCommand(
      change(context, 'manage', {
        done: 'managed again',
        unchanged: 'managed already',
        description: 'Include an ignored account in provisioning again.',
      }),
    )
}

function list(context: CommandContext): Command {
  return operatorCommand('list', context)
    .description('List accounts.')
    .option('--connection <connection>', 'name of a connection, or <directory>/<connection>')
    .addOption(new Option('--status <status>', 'only accounts in this status').choices(statuses))
    .option('--user <userName>', 'only accounts of this person')
    .option('--ignored', 'only accounts excluded from provisioning')
    .addHelpText(
      'after',
      examples(
        'account list --connection falcon --status failed',
        'account list --user ada@corp.example --json',
      ),
    )
    .action(async (options: Options) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const { connection, status, user, ignored } = options
        const query = new URLSearchParams({
          limit: '500',
          ...(connection ? { connection: (await connectionOf(client, connection)).id } : {}),
          ...(status ? { status } : {}),
          ...(user ? { userName: user } : {}),
          ...(ignored ? { unmanaged: 'true' } : {}),
        })
        const accounts = await client.all<Account>(`/accounts?${query.toString()}`)
        if (options.json) output.json({ accounts })
        else showAccounts(output, accounts)
        return undefined
      }),
    )
}

function showAccounts(output: CommandContext['output'], accounts: readonly Account[]): void {
  table(
    output,
    ['ACCOUNT', 'PERSON', 'CONNECTION', 'WANTED', 'STATUS', 'AT THE VENDOR', 'PROVEN', 'WHY NOT'],
    accounts.map((each) => [
      each.id,
      each.userName,
      `${each.directory}/${each.connection}`,
      each.wanted,
      each.unmanaged ? 'ignored' : each.status,
      each.vendorAccountId,
      when(each.provenAt),
      each.failure?.detail,
    ]),
  )
  const kinds = new Set(accounts.flatMap(({ failure }) => failure?.kind ?? []))
  for (const kind of kinds) output.line(`see: ${explainedBy('account', kind)}`)
}

function journal(context: CommandContext): Command {
  return operatorCommand('journal', context)
    .description('Show what was done to an account, newest first.')
    .argument('<account>', 'id of an account, as "account list" shows it')
    .addHelpText('after', examples('account journal 0197c6f0-0000-7000-8000-000000000000'))
    .action(async (account: string, options: Options) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const operations = await client.all<Record<string, string>>(
          `/accounts/${encodeURIComponent(account)}/operations?limit=500`,
        )
        if (options.json) output.json({ operations })
        else
          table(
            output,
            ['OPENED', 'OPERATION', 'OUTCOME', 'MS', 'VENDOR REQUEST'],
            operations.map((each) => [
              when(each['openedAt']),
              each['op'],
              each['outcome'] ?? 'open',
              each['durationMs'],
              each['vendorRequestId'],
            ]),
          )
        return undefined
      }),
    )
}

function change(
  context: CommandContext,
  name: string,
  {
    done,
    unchanged,
    description,
  }: { readonly done: string; readonly unchanged: string; readonly description: string },
): Command {
  return operatorCommand(name, context)
    .description(description)
    .argument('<account>', 'id of an account, as "account list" shows it')
    .addHelpText('after', examples(`account ${name} 0197c6f0-0000-7000-8000-000000000000`))
    .action(async (account: string, options: Options) =>
      withClient(context, options, async (client, output) => {
        const answer = await client.call<{ state: string }>(
          'POST',
          `/accounts/${encodeURIComponent(account)}/${name}`,
        )
        if (options.json) output.json({ account, ...answer })
        else
          output.line(
            answer.state === 'done'
              ? `account ${account} ${done}`
              : `nothing to do: account ${account} is ${unchanged}`,
          )
        return undefined
      }),
    )
}

interface RetryOptions extends OperatorOptions {
  readonly user?: string
  readonly unpark?: boolean
}

export function retryCommand(context: CommandContext): Command {
  return operatorCommand('retry', context)
    .description('Retry now what is not proven: at a whole connection, or for one person.')
    .argument('[connection]', 'name of a connection, or <directory>/<connection>')
    .option('--user <userName>', 'only this person; at every connection unless one is named')
    .option('--unpark', 'resume a parked connection first')
    .addHelpText('after', examples('retry falcon', 'retry falcon --unpark', 'retry --user ada@corp.example'))
    .action(async (named: string | undefined, options: RetryOptions) =>
      withClient(context, options, async (client, output) => {
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
            `${counted(accounts, 'account')} due now${connection ? ` at ${pathOf(connection)}` : ''}`,
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
