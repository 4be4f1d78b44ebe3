import { invalidFilter, quoted } from '../errors.ts'
import { resolvePath, type ResourceModel } from '../schema/model.ts'
import { booleanOf, instantOf, isReference } from '../values/coerce.ts'
import type { BoundPath, CompareOp, Literal } from './ast.ts'
import { type AttributeDefinition, subAttributeOf } from '../schema/attribute.ts'

/** Where names are looked up: in a resource, or in one element of a multi-valued attribute. */
export type Scope =
  | { readonly kind: 'resource'; readonly model: ResourceModel }
  | { readonly kind: 'element'; readonly definition: AttributeDefinition }

/** A name of the filter, found in the schema; no `definition`: unknown, or a whole extension. */
export interface Operand {
  readonly names: readonly string[]
  readonly definition: AttributeDefinition | undefined
  readonly multiValued: boolean
  readonly container: boolean
}

const attributeName = /^[A-Za-z$][\w$.:/-]*$/

export function operandOf(scope: Scope, text: string, options: FilterOptions): Operand {
  const found =
    scope.kind === 'resource' ? inResource(scope.model, text, options) : inElement(scope.definition, text)
  if (found?.definition?.returned === 'never') {
    throw invalidFilter(`${text} cannot be used in a filter. Filter by another attribute.`)
  }
  if (found) return found
  if (!attributeName.test(text)) {
    throw invalidFilter(
      `${quoted(text)} is not an attribute. Write a filter such as userName eq "someone@example.com".`,
    )
  }
  return { names: [text], definition: undefined, multiValued: false, container: false }
}

function inResource(model: ResourceModel, text: string, options: FilterOptions): Operand | undefined {
  const path = resolvePath(model, text, { shortNames: options.lenient ?? false })
  if (!path || path.names.length === 0) return undefined
  const { names, attribute, subAttribute } = path
  const multiValued = (attribute?.multiValued ?? false) || (subAttribute?.multiValued ?? false)
  return { names, definition: subAttribute ?? attribute, multiValued, container: attribute === undefined }
}

function inElement(parent: AttributeDefinition, text: string): Operand | undefined {
  const definition = elementPart(parent, text)
  return (
    definition && {
      names: [definition.name],
      definition,
      multiValued: definition.multiValued,
      container: false,
    }
  )
}

/** The elements of a simple multi-valued attribute are called `value`. */
function elementPart(parent: AttributeDefinition, name: string): AttributeDefinition | undefined {
  if (parent.type === 'complex') return subAttributeOf(parent, name)
  return name.toLowerCase() === 'value' ? { ...parent, name: 'value', multiValued: false } : undefined
}

/** For `pr` and for `attribute[…]`. */
export function wholePath(operand: Operand): BoundPath {
  const { names, definition, multiValued, container } = operand
  const type = definition?.type ?? (container ? 'complex' : 'unknown')
  return { names, type, caseExact: definition?.caseExact ?? false, multiValued }
}

/** For comparisons: a complex attribute stands for its `value`, where that is what the client means. */
export function comparedPath(operand: Operand, text: string, options: FilterOptions): BoundPath {
  const { definition, names, multiValued } = operand
  if (operand.container) throw notComparable(text)
  if (definition?.type !== 'complex') return wholePath(operand)
  const value = subAttributeOf(definition, 'value')
  if (!value || !(definition.multiValued || (options.lenient && isReference(definition))))
    throw notComparable(text)
  return { names: [...names, value.name], type: value.type, caseExact: value.caseExact, multiValued }
}

function notComparable(text: string): Error {
  return invalidFilter(`${quoted(text)} has several parts. Compare one of them, for example name.familyName.`)
}

const forbidden: Readonly<Record<BoundPath['type'], readonly CompareOp[]>> = {
  string: [],
  dateTime: [],
  unknown: [],
  complex: [],
  boolean: ['co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'],
  binary: ['co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'],
  reference: ['gt', 'ge', 'lt', 'le'],
  integer: ['co', 'sw', 'ew'],
  decimal: ['co', 'sw', 'ew'],
}

/** A value as written: strings were quoted. */
export interface WrittenLiteral {
  readonly text: string
  readonly quoted: boolean
}

/** Fits the value to the attribute's type; throws `invalidFilter` when the operator makes no sense for it. */
export function boundLiteral(
  path: BoundPath,
  op: CompareOp,
  written: WrittenLiteral,
  options: FilterOptions,
): Literal {
  const name = path.names.join('.')
  if (forbidden[path.type].includes(op)) {
    throw invalidFilter(`${op} cannot be used with ${name}, which is of type ${path.type}. Use eq or ne.`)
  }
  const literal = written.quoted ? written.text : bareLiteral(path, written.text, options)
  if (literal === null && op !== 'eq' && op !== 'ne') {
    throw invalidFilter(`${op} null has no meaning. Use pr, eq null or ne null.`)
  }
  if (typeof literal !== 'string') return literal
  if (path.type === 'boolean' && (options.stringBooleans ?? options.lenient))
    return booleanOf(literal) ?? literal
  if (path.type === 'dateTime' && orderings.has(op) && !instantOf(literal)) {
    throw invalidFilter(`${quoted(literal)} is not a date and time. Write it like 2026-01-31T08:00:00Z.`)
  }
  return literal
}

const orderings: ReadonlySet<CompareOp> = new Set(['gt', 'ge', 'lt', 'le'])
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function bareLiteral(path: BoundPath, text: string, options: FilterOptions): Literal {
  if (text === 'null') return null
  const textual = options.lenient && (path.type === 'string' || path.type === 'reference')
  if (!textual) {
    if (text === 'true' || text === 'false') return text === 'true'
    const value = number.test(text) ? Number(text) : Number.NaN
    // Adding zero turns -0 into 0.
    if (Number.isFinite(value)) return value + 0
  }
  if (options.lenient) return text
  throw invalidFilter(`${quoted(text)} is not a value. Put text into double quotes.`)
}

/** What `ClientSwitches` says about filters; the switches themselves may be passed. */
export interface FilterOptions {
  /** Unquoted literals, `manager eq "x"`, extension attributes without URN, `+` left over from form encoding. */
  readonly lenient?: boolean
  /** `active eq "True"` compares as a boolean. Default: as `lenient`. */
  readonly stringBooleans?: boolean
}
