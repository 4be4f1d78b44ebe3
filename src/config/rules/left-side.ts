import { isPattern } from '../../translators/rules/left-side.ts'
import type { Filter } from '../../scim/filter/ast.ts'
import type { Finding, Path } from '../file/problems.ts'
import type { RawRule } from '../file/schema.ts'
import { compilePattern, PatternError, readFilter } from './matching.ts'
import { isDuration } from '../../translators/rules/until.ts'

/** What is wrong with whom a rule concerns, whom it does not, and until when. */
export function leftFindings(rule: RawRule, path: Path): readonly Finding[] {
  const { group, attribute, except = [], until } = rule
  return [
    ...(group === undefined ? [] : groupFindings(group, [...path, 'group'])),
    ...except.flatMap((each, index) => groupFindings(each, [...path, 'except', index])),
    ...(attribute === undefined ? [] : filterFindings(attribute, [...path, 'attribute'])),
    ...(until === undefined ? [] : untilFindings(until, group, [...path, 'until'])),
  ]
}

function groupFindings(written: string, path: Path): readonly Finding[] {
  if (written === 'externalId:') return [{ path, message: 'externalId: must be followed by a value' }]
  if (!isPattern(written)) {
    return written.startsWith('/')
      ? [{ path, message: 'a pattern ends in / (or /i, where letter case does not count)' }]
      : []
  }
  try {
    compilePattern(written)
    return []
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    return [{ path, message: patternWords(written, error) }]
  }
}

/** What RE2 leaves out so that matching takes time in proportion to the text. */
const refused: readonly { readonly construct: RegExp; readonly words: string }[] = [
  { construct: /\(\?<?[=!]/, words: 'look-ahead and look-behind, (?= (?! (?<= (?<!,' },
  { construct: /\\(?:[1-9]|k[<{'])/, words: 'back-references, \\1 or \\k<name>,' },
  { construct: /\(\?>|[*+?}]\+/, words: 'atomic groups and possessive repetition, (?> and ++,' },
]

function patternWords(written: string, error: PatternError): string {
  const found = refused.find(({ construct }) => construct.test(written))
  if (found) {
    return `${found.words} cannot be matched in time that grows with the text alone, so they are not available; see the syntax of RE2`
  }
  // The library's words name the fault; the piece of the pattern that follows stays out.
  const fault = /error parsing regexp: ([^:`]+)/.exec(error.message)?.[1] ?? 'it cannot be read'
  return `is not a pattern of RE2's syntax: ${fault.trim()}`
}

function filterFindings(text: string, path: Path): readonly Finding[] {
  let filter: Filter
  try {
    filter = readFilter(text)
  } catch {
    return [{ path, message: 'is not a SCIM filter, such as department eq "Finance" or title co "Lead"' }]
  }
  if (compares(filter, ({ type }) => type === 'unknown'))
    return [{ path, message: 'compares an attribute that Users do not have' }]
  if (compares(filter, ({ names: [first] }) => first === 'meta' || first === 'id' || first === 'password'))
    return [{ path, message: 'can look neither at id, nor meta, nor password' }]
  return []
}

type BoundPath = Extract<Filter, { kind: 'present' }>['path']

function compares(filter: Filter, test: (path: BoundPath) => boolean): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.some((term) => compares(term, test))
    case 'not':
      return compares(filter.term, test)
    case 'present':
    case 'compare':
      return test(filter.path)
    case 'element':
      return (
        test(filter.path) ||
        compares(filter.filter, ({ type }) => type === 'unknown' && test({ ...filter.path, type }))
      )
  }
}

function untilFindings(until: string, group: string | undefined, path: Path): readonly Finding[] {
  const counts = until === 'suffix' || isDuration(until)
  if (counts && group === undefined)
    return [{ path, message: 'only a membership has a beginning to count from: name a date, or a group' }]
  if (counts) return []
  const isInstant = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(until)
  if (isInstant && !Number.isNaN(Date.parse(until))) return []
  return [
    { path, message: 'must be a duration such as 24h or 7d, a date such as 2027-01-31, or the word suffix' },
  ]
}
