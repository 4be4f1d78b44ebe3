import { type Command, Option } from 'commander'
import { examples, newCommand, type Parts } from '../../command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../operate/command.ts'
import { directoryOf } from '../../operate/names.ts'
import { seconds } from '../../operate/seconds.ts'
import { table, when } from '../../operate/show/table.ts'

interface Token {
  readonly id: string
  readonly name: string
  readonly hint: string
  readonly source: string
  readonly state: string
  readonly createdAt: string
  readonly expiresAt?: string
  readonly lastUsedAt?: string
  readonly secret?: string
}

interface Options extends OperatorOptions {
  readonly directory?: string
  readonly expiresIn?: number
  readonly overlap?: number
}

export function tokenCommand(parts: Parts): Command {
  return newCommand('token', parts)
    .description('Tokens that identity providers send to a directory.')
    .addCommand(create(parts))
    .addCommand(list(parts))
    .addCommand(rotate(parts))
    .addCommand(revoke(parts))
}

const tokenSubcommand = (name: string, parts: Parts): Command =>
  operatorCommand(name, parts).option(
    '--directory <name>',
    'directory; may be left out where there is only one',
  )

function create(parts: Parts): Command {
  return tokenSubcommand('create', parts)
    .description('Make a token and show its secret, this once.')
    .argument('<name>', 'who will send it, for events')
    .option('--expires-in <time>', 'such as 90d; without it, never', seconds)
    .addHelpText(
      'after',
      examples('token create okta', 'token create entra --directory corp --expires-in 180d'),
    )
    .action(async (name: string, options: Options) =>
      withClient(parts, { ...options, alone: true }, async (client, output) => {
        const directory = await directoryOf(client, options.directory)
        const body = { name, ...(options.expiresIn ? { expiresInSeconds: options.expiresIn } : {}) }
        const made = await client.call<Token>(
          'POST',
          `/directories/${encodeURIComponent(directory)}/tokens`,
          body,
        )
        if (options.json) output.json(made)
        else showSecret(made, output.line)
        return undefined
      }),
    )
}

function list(parts: Parts): Command {
  return tokenSubcommand('list', parts)
    .description('Show tokens: hint, expiry, last use. Secrets are not kept.')
    .addHelpText('after', examples('token list', 'token list --directory corp --json'))
    .action(async (options: Options) =>
      withClient(parts, { ...options, alone: true }, async (client, output) => {
        const found = await tokensOf(client, options.directory)
        if (options.json) output.json({ tokens: found.tokens })
        else
          table(
            output,
            ['NAME', 'HINT', 'STATE', 'SOURCE', 'CREATED', 'EXPIRES', 'LAST USED'],
            found.tokens.map((each) => [
              each.name,
              each.hint,
              each.state,
              each.source,
              when(each.createdAt),
              when(each.expiresAt),
              when(each.lastUsedAt),
            ]),
          )
        return undefined
      }),
    )
}

function rotate(parts: Parts): Command {
  return tokenSubcommand('rotate', parts)
    .description('Make a new secret under the same name; the old one goes on for the overlap.')
    .argument('<token>', 'name, hint or id of a live token')
    .addOption(
      new Option('--overlap <time>', 'how long the old secret goes on')
        .argParser(seconds)
        .default(86_400, '24h'),
    )
    .option('--expires-in <time>', 'of the new secret, such as 90d; without it, never', seconds)
    .addHelpText('after', examples('token rotate okta', 'token rotate okta --overlap 1h'))
    .action(async (named: string, options: Options) =>
      withClient(parts, { ...options, alone: true }, async (client, output) => {
        const { directory, token } = await tokenOf(client, options.directory, named)
        const made = await client.call<Token>(
          'POST',
          `/directories/${encodeURIComponent(directory)}/tokens/${token.id}/rotate`,
          {
            overlapSeconds: options.overlap,
            ...(options.expiresIn ? { expiresInSeconds: options.expiresIn } : {}),
          },
        )
        if (options.json) output.json(made)
        else showSecret(made, output.line)
        return undefined
      }),
    )
}

function revoke(parts: Parts): Command {
  return tokenSubcommand('revoke', parts)
    .description('End a token now.')
    .argument('<token>', 'name, hint or id of a live token')
    .addHelpText('after', examples('token revoke okta', 'token revoke 3f9a1c --directory corp'))
    .action(async (named: string, options: Options) =>
      withClient(parts, { ...options, alone: true }, async (client, output) => {
        const { directory, token } = await tokenOf(client, options.directory, named)
        await client.call('DELETE', `/directories/${encodeURIComponent(directory)}/tokens/${token.id}`)
        if (options.json) output.json({ revoked: token.id })
        else output.line(`token ${token.name} (${token.hint}) revoked`)
        return undefined
      }),
    )
}

type Client = Parameters<Parameters<typeof withClient>[2]>[0]

async function tokensOf(client: Client, named: string | undefined) {
  const directory = await directoryOf(client, named)
  return {
    directory,
    tokens: await client.all<Token>(`/directories/${encodeURIComponent(directory)}/tokens`),
  }
}

async function tokenOf(client: Client, named: string | undefined, token: string) {
  const { oneOf } = await import('../../operate/choose.ts')
  const { directory, tokens } = await tokensOf(client, named)
  const live = tokens.filter(({ state }) => state === 'live')
  return { directory, token: oneOf('live token', live, token) }
}

function showSecret({ name, hint, secret, expiresAt }: Token, line: (text: string) => void): void {
  line(`token ${name} (${hint})${expiresAt ? `, expires ${when(expiresAt)}` : ''}`)
  line(`${secret}`)
  line('Copy the secret now: it is not shown again.')
}
