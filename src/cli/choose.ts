import { nearest } from '../config/file/problems.ts'
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
