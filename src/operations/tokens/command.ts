import { type Command, Option } from 'commander'
import { examples, newCommand, type CommandContext } from '../../cli/command.ts'
import type { Client } from '../../cli/client.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import { directoryOf, seconds } from '../../cli/names.ts'
import {
  type SecretSummary,
  lifeColumns,
  lifetime,
  liveOne,
  type CreatedSecret,
  showCreatedSecret,
} from '../../cli/secrets.ts'
import { list } from '../../cli/table.ts'

interface Token extends SecretSummary {
  readonly source: string
}

interface Options extends OperatorOptions {
  readonly directory?: string
  readonly expiresIn?: number
  readonly overlap?: number
}

export function tokenCommand(context: CommandContext): Command {
  return newCommand('token', context)
    .description('Tokens with which identity providers push to a directory.')
    .addCommand(create(context))
    .addCommand(listing(context))
    .addCommand(rotate(context))
    .addCommand(revoke(context))
}

const tokenSubcommand = (name: string, context: CommandContext): Command =>
  operatorCommand(name, context).option('--directory <name>', 'directory; needed if there are several')

function create(context: CommandContext): Command {
  return tokenSubcommand('create', context)
    .description('Create a token and show its secret, this once.')
    .argument('<name>', 'name, such as that of the identity provider, as the audit will show it')
    .option('--expires-in <time>', 'lifetime, such as 90d (default: it does not expire)', seconds)
    .addHelpText(
      'after',
      examples('token create okta', 'token create entra --directory corp --expires-in 180d'),
    )
    .action(async (name: string, options: Options) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const directory = await directoryOf(client, options.directory)
        const body = { name, ...lifetime(options.expiresIn) }
        const made = await client.call<CreatedSecret>('POST', pathOf(directory), body)
        showCreatedSecret(output, options.json, made, wordsOf(made))
        return undefined
      }),
    )
}

function listing(context: CommandContext): Command {
  return tokenSubcommand('list', context)
    .description('List tokens: hint, expiry, last use. Secrets are not stored.')
    .addHelpText('after', examples('token list', 'token list --directory corp --json'))
    .action(async (options: Options) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const columns = {
          NAME: ({ name }: Token) => name,
          HINT: ({ hint }: Token) => hint,
          STATE: ({ state }: Token) => state,
          SOURCE: ({ source }: Token) => source,
          ...lifeColumns,
        }
        const { tokens } = await tokensOf(client, options.directory)
        list(output, { json: options.json, name: 'tokens', columns }, tokens)
        return undefined
      }),
    )
}

function rotate(context: CommandContext): Command {
  return tokenSubcommand('rotate', context)
    .description('Create a new secret under the same name; the old one stays valid for the overlap.')
    .argument('<token>', 'name, hint or id of a live token')
    .addOption(
      new Option('--overlap <time>', 'how long the old secret stays valid')
        .argParser(seconds)
        .default(86_400, '24h'),
    )
    .option(
      '--expires-in <time>',
      'lifetime of the new secret, such as 90d (default: it does not expire)',
      seconds,
    )
    .addHelpText('after', examples('token rotate okta', 'token rotate okta --overlap 1h'))
    .action(async (named: string, options: Options) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const { directory, token } = await tokenOf(client, options.directory, named)
        const body = { overlapSeconds: options.overlap, ...lifetime(options.expiresIn) }
        const made = await client.call<CreatedSecret>('POST', `${pathOf(directory)}/${token.id}/rotate`, body)
        showCreatedSecret(output, options.json, made, wordsOf(made))
        return undefined
      }),
    )
}

function revoke(context: CommandContext): Command {
  return tokenSubcommand('revoke', context)
    .description('Revoke a token at once.')
    .argument('<token>', 'name, hint or id of a live token')
    .addHelpText('after', examples('token revoke okta', 'token revoke 3f9a1c --directory corp'))
    .action(async (named: string, options: Options) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const { directory, token } = await tokenOf(client, options.directory, named)
        await client.call('DELETE', `${pathOf(directory)}/${token.id}`)
        if (options.json) output.json({ revoked: token.id })
        else output.line(`${wordsOf(token)} revoked`)
        return undefined
      }),
    )
}

const pathOf = (directory: string): string => `/directories/${encodeURIComponent(directory)}/tokens`
const wordsOf = ({ name, hint }: SecretSummary): string => `token ${name} (${hint})`

async function tokensOf(client: Client, named: string | undefined) {
  const directory = await directoryOf(client, named)
  return { directory, tokens: await client.all<Token>(pathOf(directory)) }
}

async function tokenOf(client: Client, named: string | undefined, token: string) {
  const { directory, tokens } = await tokensOf(client, named)
  return { directory, token: liveOne('token', tokens, token) }
}
