import { InvalidArgumentError } from 'commander'
import { nearest } from '../config/problems.ts'
import type { Client } from './client.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'

interface Kind<T> {
  /** In words: a connection, a token. */
  readonly what: string
  /** Everything by which one may be called. */
  readonly namesOf: (each: T) => readonly string[]
  /** As a list shows it. */
  readonly shown: (each: T) => string
  /** What to do where a name means several. */
  readonly hint?: string
}

/** The only one that is called so. Rejects with what there is, and what may have been meant. */
export function theOne<T>(
  { what, namesOf, shown, hint = '' }: Kind<T>,
  among: readonly T[],
  named: string,
): T {
  const meant = among.filter((each) => namesOf(each).includes(named))
  const [one, another] = meant
  if (one && !another) return one
  const guess = another ? undefined : nearest(named, among.flatMap(namesOf))
  const told = another ? `More than one ${what} is` : `There is no ${what}`
  const maybe = guess === undefined ? '' : ` (did you mean ${guess}?)`
  const there = (another ? meant : among).map(shown).join(', ') || 'none'
  throw new CommandFailure(exitCodes.usage, `${told} called ${named}${maybe}; there are: ${there}.${hint}`)
}

/** The one that a name, a hint or an id means. */
export const oneOf = <T extends { readonly id: string; readonly name: string; readonly hint: string }>(
  what: string,
  among: readonly T[],
  named: string,
): T =>
  theOne(
    {
      what,
      namesOf: ({ id, name, hint }) => [name, hint, id],
      shown: ({ name, hint }) => `${name} (${hint})`,
      hint: ' Use the hint.',
    },
    among,
    named,
  )

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

const units = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/** `90s`, `30m`, `24h`, `90d` in seconds. */
export function seconds(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (!count || !unit)
    throw new InvalidArgumentError('It must be a number with s, m, h or d, as in 24h or 90d.')
  return Number(count) * units[unit as keyof typeof units]
}
