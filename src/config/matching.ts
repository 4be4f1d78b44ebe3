import { RE2JS, RE2JSException } from 're2js'
import { matches } from '../scim/filter/evaluate.ts'
import { parseFilter } from '../scim/filter/parse.ts'
import { type Filter } from '../scim/filter/ast.ts'
import { userModel } from '../scim/schema/model.ts'
import type { Matching } from '../model/policy.ts'

/** Compiled once for each text; a configuration holds few of them, and texts that failed are not kept. */
const patterns = new Map<string, RE2JS>()
const filters = new Map<string, Filter>()
const mostKept = 10_000

/** How rules read patterns and filters: patterns in time that grows with the text alone (RE2), filters as SCIM has them. */
export const matching: Matching = {
  captures(written, text) {
    const pattern = kept(patterns, written, compilePattern)
    const found = pattern.matcher(text)
    if (!found.find()) return undefined
    const names = Object.keys(pattern.namedGroups())
    return Object.fromEntries(names.map((name) => [name, found.group(name) ?? '']))
  },
  satisfies(filter, resource) {
    return matches(kept(filters, filter, readFilter), resource)
  },
}

/** Compiles `/pattern/` or `/pattern/i`. Throws `RE2JSException`. */
export function compilePattern(written: string): RE2JS {
  const end = written.lastIndexOf('/')
  const flags = written.slice(end + 1) === 'i' ? RE2JS.CASE_INSENSITIVE : 0
  return RE2JS.compile(written.slice(1, end), flags)
}

/** The named captures of a pattern. */
export function captureNames(written: string): readonly string[] {
  return Object.keys(compilePattern(written).namedGroups())
}

/** Reads a filter over Users as people write it: attributes of extensions may stand without their URN. Throws 400 `invalidFilter`. */
export function readFilter(text: string): Filter {
  return parseFilter(text, userModel, { lenient: true })
}

export { RE2JSException as PatternError }

function kept<T>(cache: Map<string, T>, key: string, make: (text: string) => T): T {
  const known = cache.get(key)
  if (known !== undefined) return known
  const made = make(key)
  if (cache.size >= mostKept) cache.clear()
  cache.set(key, made)
  return made
}
