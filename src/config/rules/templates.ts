import { isPattern } from '../../translators/rules/left-side.ts'
import type { Finding, Path } from '../file/problems.ts'
import type { RawRule } from '../file/schema.ts'
import { captureNames } from './matching.ts'

/** Templates of the right side must be named captures of the pattern on the left; `roles` has the one `{value}`. */
export function templateFindings(rule: RawRule, path: Path): readonly Finding[] {
  const known = capturesOf(rule)
  if (known === undefined) return []
  const { role, team, vendorGroup, scope = {} } = rule
  const texts: readonly (readonly [Path, string | undefined])[] = [
    [[...path, 'role'], role],
    [[...path, 'team'], team],
    [[...path, 'vendorGroup'], vendorGroup],
    ...Object.entries(scope).map(([level, text]) => [[...path, 'scope', level], text] as const),
  ]
  return texts.flatMap(([at, text = '']) =>
    [...text.matchAll(/\{([A-Za-z_]\w*)\}/g)]
      .filter(([, name]) => !known.includes(name ?? ''))
      .map(() => ({ path: at, message: noSuchCapture(rule, known) })),
  )
}

/** Undefined where braces are ordinary characters, or the pattern cannot be read. */
function capturesOf({ group, roles }: RawRule): readonly string[] | undefined {
  if (roles !== undefined) return ['value']
  if (group === undefined || !isPattern(group)) return undefined
  try {
    const names = captureNames(group)
    return names.length === 0 ? undefined : names
  } catch {
    return undefined
  }
}

function noSuchCapture({ roles }: RawRule, known: readonly string[]): string {
  if (roles !== undefined) return 'the only template of a rule over roles is {value}'
  return `the pattern has no capture of that name; it has ${known.map((name) => `{${name}}`).join(', ')}`
}
