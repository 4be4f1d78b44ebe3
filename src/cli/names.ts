import { CommandFailure, exitCodes } from './exit-codes.ts'
import { theOne } from './choose.ts'
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
  const kind = {
    what: 'connection',
    namesOf: (each: NamedConnection) => [each.name, pathOf(each)],
    shown: pathOf,
  }
  return theOne(kind, await client.all<NamedConnection>('/connections'), named)
}

export const pathOf = ({ directory, name }: Pick<NamedConnection, 'directory' | 'name'>): string =>
  `${directory}/${name}`

const directory = {
  what: 'directory',
  namesOf: ({ name }: { readonly name: string }) => [name],
  shown: ({ name }: { readonly name: string }) => name,
}

/** The name of a directory that is there: of the only one, where none is named. */
export async function directoryOf(client: Client, named: string | undefined): Promise<string> {
  const known = await client.all<{ name: string }>('/directories')
  if (named !== undefined) return theOne(directory, known, named).name
  if (known.length === 1) return known[0]!.name
  throw new CommandFailure(
    exitCodes.usage,
    `Name the directory with --directory; there are: ${known.map(({ name }) => name).join(', ') || 'none'}.`,
  )
}
