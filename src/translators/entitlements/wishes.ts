import type { Scope } from '../../vendors/contract.ts'
import type { DefaultGrant } from '../../model/plan.ts'
import type { Wish } from './catalogue.ts'
import { slotOf } from './slot.ts'

/** The scope of a right side is its role's, if it has one. */
export function wishesOf({ role, team, vendorGroup, scope }: DefaultGrant): readonly Wish[] {
  const scoped = scope ? { scope } : {}
  const groupScope = role === undefined ? scoped : {}
  return [
    ...(role === undefined ? [] : [{ kind: 'role', name: role, ...scoped } as const]),
    ...[team, vendorGroup].flatMap((name) =>
      name === undefined ? [] : [{ kind: 'group', name, ...groupScope } as const],
    ),
  ]
}

/** One stable text per wish, however the configuration writes it. */
export function keyOfWish({ kind, name, scope }: Wish): string {
  const levels = Object.entries(scope ?? {}).map(([level, id]) => `@${level}:${fold(id)}`)
  return `${kind}:${fold(name)}${levels.sort().join('')}`
}

/** The slot that a wish is about, as far as it can be told without the catalogue. */
export function slotAsked({ kind, scope }: Wish, defaultScope: Scope | undefined): string {
  const [named] = Object.entries(scope ?? {})
  if (named) return `${kind}@${named[0]}:${named[1].trim()}`
  return slotOf({ kind, ...(defaultScope ? { scope: defaultScope } : {}) })
}

function fold(text: string): string {
  return text.trim().toLowerCase()
}
