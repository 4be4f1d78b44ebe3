import type { Command } from 'commander'
import type { Client } from '../../cli/client.ts'
import { examples, newCommand, type CommandContext } from '../../cli/command.ts'
import type { NamedConnection } from '../../cli/names.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../cli/operator-command.ts'
import type { Output } from '../../cli/output.ts'
import { counted, list, when } from '../../cli/table.ts'

interface Connection {
  readonly id: string
  readonly directory: string
  readonly name: string
  readonly vendor: string
  readonly mode: string
  readonly source: string
  readonly status: string
  readonly checkedAt?: string
  readonly credentialsEndAt?: string
}

export function connectionCommand(context: CommandContext): Command {
  return newCommand('connection', context)
    .description('Connections to vendors; those created here are managed without the configuration file.')
    .addCommand(listing(context))
    .addCommand(create(context))
    .addCommand(update(context))
    .addCommand(credentials(context))
    .addCommand(check(context))
    .addCommand(enable(context))
    .addCommand(detach(context))
}

function listing(context: CommandContext): Command {
  return operatorCommand('list', context)
    .description('List connections: source, status, when their credentials end.')
    .addHelpText('after', examples('connection list', 'connection list --json'))
    .action(async (options: OperatorOptions) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const columns = {
          CONNECTION: ({ directory, name }: Connection) => `${directory}/${name}`,
          VENDOR: ({ vendor }: Connection) => vendor,
          MODE: ({ mode }: Connection) => mode,
          SOURCE: ({ source }: Connection) => source,
          STATUS: ({ status }: Connection) => status,
          CHECKED: ({ checkedAt }: Connection) => when(checkedAt),
          'CREDENTIALS END': ({ credentialsEndAt }: Connection) => when(credentialsEndAt),
        }
        const connections = await client.all<Connection>('/connections')
        list(output, { json: options.json, name: 'connections', columns }, connections)
        return undefined
      }),
    )
}

interface Options extends OperatorOptions {
  readonly directory?: string
}

interface SaveOptions extends OperatorOptions {
  readonly force?: boolean
}

const unchecked = ['--force', 'save it even if the vendor refuses it or cannot be reached'] as const

const fileWords = 'YAML or JSON, as below "connections:" in a configuration file; - reads standard input'

function create(context: CommandContext): Command {
  return operatorCommand('create', context)
    .description('Create a connection; it does nothing until it is checked and enabled.')
    .argument('<name>', 'name of the connection')
    .argument('<file>', fileWords)
    .option('--directory <name>', 'directory; needed if there are several')
    .addHelpText(
      'after',
      examples('connection create falcon falcon.yaml', 'connection create corp-sentry - --directory corp'),
    )
    .action(async (name: string, file: string, options: Options) =>
      withClient(context, { ...options, offline: true }, async (client, output) => {
        const [{ readDocument }, { directoryOf, pathOf }] = await Promise.all([
          import('./document.ts'),
          import('../../cli/names.ts'),
        ])
        const document = readDocument(file, context.io)
        const directory = await directoryOf(client, options.directory)
        const body = { ...document, directory, name }
        const made = await client.call<{ directory: string; name: string }>('POST', '/connections', body)
        if (options.json) output.json(made)
        else {
          const path = pathOf(made)
          output.line(`connection ${path} created, disabled`)
          output.line(`Next: drawbridge connection check ${path}, then drawbridge connection enable ${path}.`)
        }
        return undefined
      }),
    )
}

function update(context: CommandContext): Command {
  return operatorCommand('update', context)
    .description(
      'Change the settings and policies of a connection; its credentials stay unless the file has new ones. If it is enabled, the vendor is asked first.',
    )
    .argument('<connection>', 'name, or <directory>/<name>')
    .argument('<file>', fileWords)
    .option(...unchecked)
    .addHelpText('after', examples('connection update falcon falcon.yaml', 'connection update corp/falcon -'))
    .action(async (named: string, file: string, options: SaveOptions) =>
      put(context, options, named, file, ''),
    )
}

function credentials(context: CommandContext): Command {
  return operatorCommand('credentials', context)
    .description(
      'Replace the credentials of a connection; a parked one resumes. If it is enabled, the vendor is asked first.',
    )
    .argument('<connection>', 'name, or <directory>/<name>')
    .argument('<file>', 'YAML or JSON with the keys below "credentials:"; - reads standard input')
    .option(...unchecked)
    .addHelpText(
      'after',
      examples('connection credentials falcon secret.yaml', 'connection credentials falcon - --force'),
    )
    .action(async (named: string, file: string, options: SaveOptions) =>
      put(context, options, named, file, '/credentials'),
    )
}

async function put(
  context: CommandContext,
  options: SaveOptions,
  named: string,
  file: string,
  below: '' | '/credentials',
): Promise<void> {
  await withClient(context, { ...options, offline: true }, async (client, output) => {
    const [{ readDocument }, { connectionOf, pathOf }] = await Promise.all([
      import('./document.ts'),
      import('../../cli/names.ts'),
    ])
    const document = readDocument(file, context.io)
    const connection = await connectionOf(client, named)
    const path = `/connections/${connection.id}${below}${options.force ? '?force=true' : ''}`
    const now = await client.call<object>('PUT', path, document)
    if (options.json) output.json(now)
    else output.line(`${below === '' ? 'connection' : 'credentials of'} ${pathOf(connection)} changed`)
    return undefined
  })
}

interface StateOptions extends OperatorOptions {
  readonly abandon?: boolean
}

type Act = (
  client: Client,
  output: Output,
  connection: NamedConnection & { readonly path: string },
  options: StateOptions,
) => Promise<void>

function on(context: CommandContext, command: Command, act: Act, offline = false): Command {
  return command
    .argument('<connection>', 'name, or <directory>/<name>')
    .action(async (named: string, options: StateOptions) =>
      withClient(context, { ...options, offline }, async (client, output) => {
        const { connectionOf, pathOf } = await import('../../cli/names.ts')
        const connection = await connectionOf(client, named)
        await act(client, output, { ...connection, path: pathOf(connection) }, options)
        return undefined
      }),
    )
}

function check(context: CommandContext): Command {
  const command = operatorCommand('check', context)
    .description('Ask the vendor whether a connection works; nothing is changed there.')
    .addHelpText('after', examples('connection check falcon'))
  return on(context, command, async (client, output, { id, path }, { json }) => {
    const found = await client.call<Checked>('POST', `/connections/${id}/check`)
    if (json) return output.json(found)
    output.line(`connection ${path} works: tenant ${found.tenant}, ${found.catalogue} roles and groups`)
    if (found.credentialsEndAt) output.line(`its credentials end on ${when(found.credentialsEndAt)}`)
  })
}

interface Checked {
  readonly tenant: string
  readonly catalogue: number
  readonly credentialsEndAt?: string
}

function enable(context: CommandContext): Command {
  const command = operatorCommand('enable', context)
    .description('Enable a checked connection: everybody in its directory is admitted there.')
    .addHelpText('after', examples('connection enable falcon'))
  const act: Act = async (client, output, { id, path }, { json }) => {
    const { people } = await client.call<{ people: number }>('POST', `/connections/${id}/enable`)
    if (json) output.json({ enabled: path, people })
    else output.line(`connection ${path} enabled, ${counted(people, 'person', 'people')} to admit`)
  }
  return on(context, command, act, true)
}

function detach(context: CommandContext): Command {
  const command = operatorCommand('detach', context)
    .description('Stop managing a connection created here; its accounts stay as they are at the vendor.')
    .option('--abandon', 'detach although shut-outs are unproven there; they will not be carried out')
    .addHelpText('after', examples('connection detach falcon', 'connection detach falcon --abandon'))
  const act: Act = async (client, output, { id, path }, { json, abandon = false }) => {
    const gone = await client.call<{ linked: number; abandoned: readonly string[] }>(
      'POST',
      `/connections/${id}/detach`,
      { abandon },
    )
    if (json) return output.json(gone)
    output.line(`connection ${path} detached; its accounts at the vendor (${gone.linked}) stay as they are`)
    if (gone.abandoned.length > 0) output.line(`shut-outs abandoned: ${gone.abandoned.join(', ')}`)
  }
  return on(context, command, act, true)
}
