import { randomInt } from 'node:crypto'

const kinds = [
  'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789',
  '!#$%*+-.:=?@_~',
] as const
const every = kinds.join('')
const length = 32

/** A password that nobody knows: 32 random characters, some of every kind. Never kept, never logged. */
export function newPassword(): string {
  const characters = [...kinds, ...Array.from({ length: length - kinds.length }, () => every)].map(pick)
  return shuffled(characters).join('')
}

function pick(alphabet: string): string {
  return alphabet.charAt(randomInt(alphabet.length))
}

/** Fisher and Yates: the kinds that are sure must not stand in known places. */
function shuffled(characters: string[]): string[] {
  for (let at = characters.length - 1; at > 0; at -= 1) {
    const other = randomInt(at + 1)
    const [one = '', two = ''] = [characters[at], characters[other]]
    characters[at] = two
    characters[other] = one
  }
  return characters
}
