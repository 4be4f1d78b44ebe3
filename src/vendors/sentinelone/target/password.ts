import { randomInt } from 'node:crypto'

const kinds = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnopqrstuvwxyz', '23456789', '!#%*+-=?@_'] as const
const length = 32

/** Nobody ever learns it: people sign in by single sign-on or have it reset. One of each kind, as consoles demand. */
export function randomPassword(): string {
  const all = kinds.join('')
  const one = (from: string) => from.charAt(randomInt(from.length))
  const characters = [...kinds.map(one), ...Array.from({ length: length - kinds.length }, () => one(all))]
  for (let at = characters.length - 1; at > 0; at -= 1) {
    const other = randomInt(at + 1)
    const held = characters[at] ?? ''
    characters[at] = characters[other] ?? ''
    characters[other] = held
  }
  return characters.join('')
}
