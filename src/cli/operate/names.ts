import { CommandFailure, exitCodes } from '../exit-codes.ts'
import type { Client } from './client.ts'

export interface NamedConnection {
  readonly id: string
  readonly directory: string
  readonly name: string
  readonly vendor: string
  readonly mode: string
  readonly status: string
}

/** The connection of a name, or of `<directory>/<connection>`. */
export async function connectionOf(client: Client, named: string): Promise<NamedConnection> {
  const known = await client.all<NamedConnection>('/connections')
  const meant = known.filter((each) => [each.name, pathOf(each)].includes(named))
  const [one, another] = meant
  if (one && !another) return one
  const there = (another ? meant : known).map(pathOf).join(', ') || 'none'
  throw new CommandFailure(
    exitCodes.usage,
    `${another ? 'Several connections are' : 'There is no connection'} called ${named}; there are: ${there}.`,
  )
}

export const pathOf = ({ directory, name }: Pick<NamedConnection, 'directory' | 'name'>): string =>
  `${directory}/${name}`

/** The only directory, where none is named. */
export async function directoryOf(client: Client, named: string | undefined): Promise<string> {
  if (named !== undefined) return named
  const known = await client.all<{ name: string }>('/directories')
  if (known.length === 1) return known[0]!.name
  throw new CommandFailure(
    exitCodes.usage,
    `Name the directory with --directory; there are: ${known.map(({ name }) => name).join(', ') || 'none'}.`,
  )
}
