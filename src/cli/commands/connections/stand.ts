import type { Command } from 'commander'
import { examples, type Parts } from '../../command.ts'
import { operatorCommand, type OperatorOptions, withClient } from '../../operate/command.ts'
import type { Client } from '../../operate/client.ts'
import type { NamedConnection } from '../../operate/names.ts'
import type { Output } from '../../output.ts'

interface Options extends OperatorOptions {
  readonly abandon?: boolean
}

/** check, enable, detach. */
export const standCommands = (parts: Parts): readonly Command[] => [
  check(parts),
  enable(parts),
  detach(parts),
]

type Act = (
  client: Client,
  output: Output,
  connection: NamedConnection & { readonly path: string },
  options: Options,
) => Promise<void>

function on(parts: Parts, command: Command, act: Act, alone = false): Command {
  return command
    .argument('<connection>', 'name, or <directory>/<name>')
    .action(async (named: string, options: Options) =>
      withClient(parts, { ...options, alone }, async (client, output) => {
        const { connectionOf, pathOf } = await import('../../operate/names.ts')
        const connection = await connectionOf(client, named)
        await act(client, output, { ...connection, path: pathOf(connection) }, options)
        return undefined
      }),
    )
}

function check(parts: Parts): Command {
  const command = operatorCommand('check', parts)
    .description('Ask the vendor whether a connection works; reads only.')
    .addHelpText('after', examples('connection check falcon'))
  return on(parts, command, async (client, output, { id, path }, { json }) => {
    const found = await client.call<Checked>('POST', `/connections/${id}/check`)
    if (json) return output.json(found)
    output.line(`connection ${path} works: tenant ${found.tenant}, ${found.catalogue} roles and groups`)
    if (found.credentialsEndAt) output.line(`its credentials end at ${found.credentialsEndAt}`)
  })
}

interface Checked {
  readonly tenant: string
  readonly catalogue: number
  readonly credentialsEndAt?: string
}

function enable(parts: Parts): Command {
  const command = operatorCommand('enable', parts)
    .description('Let a checked connection work: everybody of its directory is admitted there.')
    .addHelpText('after', examples('connection enable falcon'))
  const act: Act = async (client, output, { id, path }, { json }) => {
    const { people } = await client.call<{ people: number }>('POST', `/connections/${id}/enable`)
    if (json) output.json({ enabled: path, people })
    else output.line(`connection ${path} enabled, ${people} people to admit`)
  }
  return on(parts, command, act, true)
}

function detach(parts: Parts): Command {
  const command = operatorCommand('detach', parts)
    .description('Let go of a connection that was made here, without a vendor call.')
    .option('--abandon', 'although shut-outs are unproven there: they will not be done')
    .addHelpText('after', examples('connection detach falcon', 'connection detach falcon --abandon'))
  const act: Act = async (client, output, { id, path }, { json, abandon = false }) => {
    const gone = await client.call<{ linked: number; abandoned: readonly string[] }>(
      'POST',
      `/connections/${id}/detach`,
      { abandon },
    )
    if (json) return output.json(gone)
    output.line(`connection ${path} detached, ${gone.linked} accounts stay at the vendor as they are`)
    if (gone.abandoned.length > 0) output.line(`shut-outs abandoned: ${gone.abandoned.join(', ')}`)
  }
  return on(parts, command, act, true)
}
