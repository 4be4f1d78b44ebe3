/**
 * A parsed filter (RFC 7644 §3.4.2.2), bound to the schema of a resource type: names are canonical, types are known.
 * The evaluator and the store's SQL both read this, and must agree.
 */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Filter[] }
  | { readonly kind: 'not'; readonly term: Filter }
  | { readonly kind: 'compare'; readonly path: BoundPath; readonly op: CompareOp; readonly value: Literal }
  | { readonly kind: 'present'; readonly path: BoundPath }
  /** `emails[type eq "work" and value co "@x"]`: one element satisfies the whole; paths inside are relative to the element. */
  | { readonly kind: 'element'; readonly path: BoundPath; readonly filter: Filter }

export type CompareOp = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le'
export type Literal = string | number | boolean | null

export interface BoundPath {
  /**
   * Canonical names from the resource's root (or from the element inside `element`):
   * `['userName']`, `['emails', 'value']`, `['urn:…:enterprise:2.0:User', 'manager', 'value']`, `['meta', 'lastModified']`.
   * A comparison on a whole multi-valued complex attribute is bound to its `value` already.
   */
  readonly names: readonly string[]
  /** Characteristics of the last name; `unknown` for attributes that no schema has: every comparison with them is false. */
  readonly type:
    'string' | 'boolean' | 'integer' | 'decimal' | 'dateTime' | 'reference' | 'binary' | 'complex' | 'unknown'
  readonly caseExact: boolean
  /** Some name on the way is multi-valued. */
  readonly multiValued: boolean
}

/** The order of a list: by one value of each resource; equal ones in the order of their creation. */
export interface Sort {
  readonly path: BoundPath
  readonly descending: boolean
}

/** Two readings of one filter, which differ in values alone, as one that finds what either finds. */
export function eitherReading(a: Filter, b: Filter): Filter {
  if ((a.kind === 'and' || a.kind === 'or') && a.kind === b.kind) {
    return { kind: a.kind, terms: a.terms.map((term, at) => eitherReading(term, b.terms[at] ?? term)) }
  }
  if (a.kind === 'not' && b.kind === 'not') return { kind: 'not', term: eitherReading(a.term, b.term) }
  if (a.kind === 'element' && b.kind === 'element') {
    return { ...a, filter: eitherReading(a.filter, b.filter) }
  }
  if (a.kind !== 'compare' || b.kind !== 'compare' || a.value === b.value) return a
  return { kind: a.op === 'ne' ? 'and' : 'or', terms: [a, b] }
}
