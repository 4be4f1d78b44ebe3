import type { Command } from 'commander'
import { examples, type Parts } from '../../command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../operate/command.ts'

interface Options extends OperatorOptions {
  readonly directory?: string
}

interface SaveOptions extends OperatorOptions {
  readonly force?: boolean
}

const unchecked = ['--force', 'save it although the vendor does not take it, or cannot be asked'] as const

const fileWords = 'YAML or JSON as under connections: of a configuration file, or - for standard input'

/** create, update, credentials. */
export const changeCommands = (parts: Parts): readonly Command[] => [
  create(parts),
  update(parts),
  credentials(parts),
]

function create(parts: Parts): Command {
  return operatorCommand('create', parts)
    .description('Make a connection; it does nothing until it is checked and enabled.')
    .argument('<name>', 'of the connection')
    .argument('<file>', fileWords)
    .option('--directory <name>', 'needed where there are several')
    .addHelpText(
      'after',
      examples('connection create falcon falcon.yaml', 'connection create corp-sentry - --directory corp'),
    )
    .action(async (name: string, file: string, options: Options) =>
      withClient(parts, { ...options, alone: true }, async (client, output) => {
        const [{ readDocument }, { directoryOf, pathOf }] = await Promise.all([
          import('../../connections/document.ts'),
          import('../../operate/names.ts'),
        ])
        const document = readDocument(file, parts.surroundings)
        const directory = await directoryOf(client, options.directory)
        const body = { ...document, directory, name }
        const made = await client.call<{ directory: string; name: string }>('POST', '/connections', body)
        if (options.json) output.json(made)
        else {
          const path = pathOf(made)
          output.line(`connection ${path} made, disabled`)
          output.line(`Next: drawbridge connection check ${path}, then drawbridge connection enable ${path}.`)
        }
        return undefined
      }),
    )
}

function update(parts: Parts): Command {
  return operatorCommand('update', parts)
    .description(
      'Give a connection other settings and policies; without credentials in the file those kept stay. An enabled one is checked with them first.',
    )
    .argument('<connection>', 'name, or <directory>/<name>')
    .argument('<file>', fileWords)
    .option(...unchecked)
    .addHelpText('after', examples('connection update falcon falcon.yaml', 'connection update corp/falcon -'))
    .action(async (named: string, file: string, options: SaveOptions) => put(parts, options, named, file, ''))
}

function credentials(parts: Parts): Command {
  return operatorCommand('credentials', parts)
    .description(
      'Give a connection other credentials; a parked one works again. An enabled one is checked with them first.',
    )
    .argument('<connection>', 'name, or <directory>/<name>')
    .argument('<file>', 'YAML or JSON with the keys of credentials:, or - for standard input')
    .option(...unchecked)
    .addHelpText(
      'after',
      examples('connection credentials falcon secret.yaml', 'connection credentials falcon - --force'),
    )
    .action(async (named: string, file: string, options: SaveOptions) =>
      put(parts, options, named, file, '/credentials'),
    )
}

async function put(
  parts: Parts,
  options: SaveOptions,
  named: string,
  file: string,
  below: '' | '/credentials',
): Promise<void> {
  await withClient(parts, { ...options, alone: true }, async (client, output) => {
    const [{ readDocument }, { connectionOf, pathOf }] = await Promise.all([
      import('../../connections/document.ts'),
      import('../../operate/names.ts'),
    ])
    const document = readDocument(file, parts.surroundings)
    const connection = await connectionOf(client, named)
    const path = `/connections/${connection.id}${below}${options.force ? '?force=true' : ''}`
    const now = await client.call<object>('PUT', path, document)
    if (options.json) output.json(now)
    else output.line(`${below === '' ? 'connection' : 'credentials of'} ${pathOf(connection)} changed`)
    return undefined
  })
}
