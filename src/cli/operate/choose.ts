import { CommandFailure, exitCodes } from '../exit-codes.ts'

/** The one that a name, a hint or an id means. */
export function oneOf<T extends { readonly id: string; readonly name: string; readonly hint: string }>(
  what: string,
  among: readonly T[],
  named: string,
): T {
  const meant = among.filter(({ id, name, hint }) => [id, name, hint].includes(named))
  const [one, another] = meant
  if (one && !another) return one
  const there = (another ? meant : among).map(({ name, hint }) => `${name} (${hint})`).join(', ') || 'none'
  throw new CommandFailure(
    exitCodes.usage,
    `${another ? `More than one ${what} is` : `There is no ${what}`} called ${named}; there are: ${there}. Use the hint.`,
  )
}
