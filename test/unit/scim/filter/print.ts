import type { BoundPath, Filter } from '../../../../src/scim/filter/ast.ts'

/** The filter's text; parsing it again gives an equal filter. */
export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
      return filter.terms.map((term) => inner(term, ['and', 'or'])).join(' and ')
    case 'or':
      return filter.terms.map((term) => inner(term, ['or'])).join(' or ')
    case 'not':
      return `not (${printFilter(filter.term)})`
    case 'present':
      return `${printPath(filter.path)} pr`
    case 'element':
      return `${printPath(filter.path)}[${printFilter(filter.filter)}]`
    case 'compare':
      return `${printPath(filter.path)} ${filter.op} ${JSON.stringify(filter.value)}`
  }
}

function inner(filter: Filter, parenthesised: readonly Filter['kind'][]): string {
  return parenthesised.includes(filter.kind) ? `(${printFilter(filter)})` : printFilter(filter)
}

function printPath({ names }: BoundPath): string {
  const [first = '', ...rest] = names
  return first.startsWith('urn:') && rest.length > 0 ? `${first}:${rest.join('.')}` : names.join('.')
}
