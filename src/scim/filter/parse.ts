import { invalidFilter, quoted } from '../errors.ts'
import type { ResourceModel } from '../schema/model.ts'
import type { CompareOp, Filter } from './ast.ts'
import { matches } from './evaluate.ts'
import {
  boundLiteral,
  comparedPath,
  type FilterOptions,
  type Operand,
  operandOf,
  type Scope,
  wholePath,
  type WrittenLiteral,
} from './bind.ts'
import type { AttributeDefinition } from '../schema/attribute.ts'

interface Token {
  readonly kind: 'word' | 'string' | '(' | ')' | '[' | ']' | 'end'
  /** A word as written; a string decoded. */
  readonly text: string
}

interface Lexer {
  /** The next token, without taking it. */
  peek(): Token
  take(): Token
}

const single: ReadonlyMap<string, Token> = new Map(
  (['(', ')', '[', ']'] as const).map((kind) => [kind, { kind, text: kind }]),
)
const end: Token = { kind: 'end', text: 'the end of the filter' }

/** Cuts a filter into tokens, one pass, no regular expressions. */
function createLexer(text: string): Lexer {
  let position = 0
  let ahead: Token | undefined

  function read(): Token {
    while (isSpace(text.charCodeAt(position))) position += 1
    if (position >= text.length) return end
    const bracket = single.get(text[position]!)
    if (bracket) {
      position += 1
      return bracket
    }
    const start = position
    if (text[position] === '"') {
      position = closingQuote(text, start) + 1
      return { kind: 'string', text: decoded(text.slice(start, position)) }
    }
    while (position < text.length && !endsWord(text.charCodeAt(position))) position += 1
    return { kind: 'word', text: text.slice(start, position) }
  }

  return {
    peek: () => (ahead ??= read()),
    take() {
      const token = ahead ?? read()
      ahead = undefined
      return token
    },
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}

function endsWord(code: number): boolean {
  // ( ) [ ] "
  return isSpace(code) || code === 0x28 || code === 0x29 || code === 0x5b || code === 0x5d || code === 0x22
}

function closingQuote(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at
  }
  throw invalidFilter(
    'A quoted value has no closing quote. Close it, and write quotes inside a value as \\".',
  )
}

function decoded(literal: string): string {
  try {
    return JSON.parse(literal) as string
  } catch (cause) {
    throw invalidFilter(`${quoted(literal)} is not a JSON string. Escape it as in JSON.`, cause)
  }
}

/** Form encoding that was undone in part leaves `+` where blanks were: only then are there no blanks at all. */
function withoutPluses(text: string): string {
  if (!text.includes('+')) return text
  let inside = false
  let result = ''
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!
    if (character === '"' && !(inside && isEscaped(text, at))) inside = !inside
    if (!inside && isSpace(text.charCodeAt(at))) return text
    result += !inside && character === '+' ? ' ' : character
  }
  return result
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - 1 - backslashes] === '\\') backslashes += 1
  return backslashes % 2 === 1
}

/** Checked before or while reading; nothing expensive is done with a filter that exceeds them. */
const filterLimits = { length: 4096, terms: 100, depth: 20 } as const

const compareOps: ReadonlyMap<string, CompareOp> = new Map(
  (['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const).map((op) => [op, op]),
)

interface Parser {
  readonly lexer: Lexer
  readonly options: FilterOptions
  depth: number
  terms: number
}

/** Reads a filter (RFC 7644 §3.4.2.2) and binds it to the schema. Throws 400 `invalidFilter`. */
export function parseFilter(text: string, model: ResourceModel, options: FilterOptions = {}): Filter {
  const parser = createParser(text, options)
  const filter = parseOr(parser, { kind: 'resource', model })
  expect(parser, 'end')
  return filter
}

/** Reads the part between the brackets of a PATCH path: names are those of one element. */
export function parseElementFilter(
  text: string,
  definition: AttributeDefinition,
  options: FilterOptions,
): Filter {
  const parser = createParser(text, options)
  const filter = parseOr(parser, { kind: 'element', definition })
  expect(parser, 'end')
  return filter
}

function createParser(text: string, options: FilterOptions): Parser {
  if (text.length > filterLimits.length) {
    throw invalidFilter(
      `The filter is longer than ${filterLimits.length} characters. Ask in several requests.`,
    )
  }
  return { lexer: createLexer(options.lenient ? withoutPluses(text) : text), options, depth: 0, terms: 0 }
}

function parseOr(parser: Parser, scope: Scope): Filter {
  return parseChain(parser, 'or', () => parseChain(parser, 'and', () => parseTerm(parser, scope)))
}

function parseChain(parser: Parser, kind: 'and' | 'or', parseNext: () => Filter): Filter {
  const first = parseNext()
  if (!isWord(parser.lexer.peek(), kind)) return first
  const terms = [first]
  while (isWord(parser.lexer.peek(), kind)) {
    parser.lexer.take()
    terms.push(parseNext())
  }
  return { kind, terms }
}

function parseTerm(parser: Parser, scope: Scope): Filter {
  const token = parser.lexer.take()
  if (token.kind === '(') return nested(parser, ')', () => parseOr(parser, scope))
  if (token.kind !== 'word') throw unexpected(token, 'an attribute')
  if (isWord(token, 'not') && parser.lexer.peek().kind === '(') {
    parser.lexer.take()
    return { kind: 'not', term: nested(parser, ')', () => parseOr(parser, scope)) }
  }
  parser.terms += 1
  if (parser.terms > filterLimits.terms) {
    throw invalidFilter(`The filter has more than ${filterLimits.terms} terms. Ask in several requests.`)
  }
  const operand = operandOf(scope, token.text, parser.options)
  if (parser.lexer.peek().kind === '[') return parseElement(parser, scope, operand, token.text)
  const comparison = parseComparison(parser, operand, token.text)
  return scope.kind === 'resource' && operand.names[0] === 'schemas'
    ? ofSchemas(scope.model, comparison)
    : comparison
}

/** `schemas` is kept nowhere: it names the core schema, and each extension of which there is something. */
function ofSchemas(model: ResourceModel, comparison: Filter): Filter {
  const always: Filter = { kind: 'present', path: { ...whole, names: ['id'], type: 'string' } }
  if (comparison.kind !== 'compare') return always
  const { op, value } = comparison
  if (value === null) return op === 'ne' ? always : { kind: 'not', term: always }
  const holds = (urn: string) =>
    matches({ kind: 'compare', path: { ...whole, names: ['urn'], type: 'string' }, op, value }, { urn })
  if (holds(model.schema)) return always
  const terms = model.extensions
    .filter(({ urn, readOnly }) => !readOnly && holds(urn))
    .map(({ urn }): Filter => ({ kind: 'present', path: { ...whole, names: [urn], type: 'complex' } }))
  const [only = { kind: 'not', term: always } as const, ...more] = terms
  return more.length === 0 ? only : { kind: 'or', terms }
}

const whole = { caseExact: false, multiValued: false } as const

function nested(parser: Parser, closing: ')' | ']', parse: () => Filter): Filter {
  parser.depth += 1
  if (parser.depth > filterLimits.depth) {
    throw invalidFilter(`The filter is nested deeper than ${filterLimits.depth} levels. Write it flatter.`)
  }
  const filter = parse()
  expect(parser, closing)
  parser.depth -= 1
  return filter
}

/** `emails[type eq "work"]`, or `emails[type eq "work"].value eq "x"`, in which one element satisfies both. */
function parseElement(parser: Parser, scope: Scope, operand: Operand, text: string): Filter {
  const definition = elementOf(scope, operand, text)
  const inside: Scope = { kind: 'element', definition }
  parser.lexer.take()
  const filter = nested(parser, ']', () => parseOr(parser, inside))
  const path = wholePath(operand)
  const next = parser.lexer.peek()
  if (next.kind !== 'word' || !next.text.startsWith('.')) return { kind: 'element', path, filter }
  parser.lexer.take()
  const part = next.text.slice(1)
  const comparison = parseComparison(parser, operandOf(inside, part, parser.options), part)
  return { kind: 'element', path, filter: { kind: 'and', terms: [filter, comparison] } }
}

/** An attribute that no schema has holds no element, whatever the brackets say. */
const unknownElement: AttributeDefinition = {
  name: '',
  type: 'complex',
  multiValued: true,
  description: '',
  required: false,
  caseExact: false,
  mutability: 'readOnly',
  returned: 'default',
  uniqueness: 'none',
}

function elementOf(scope: Scope, { definition, container }: Operand, text: string): AttributeDefinition {
  const bracketed = definition ? definition.type === 'complex' || definition.multiValued : !container
  if (scope.kind === 'element' || !bracketed) {
    throw invalidFilter(
      `${quoted(text)} cannot be followed by [. Only multi-valued attributes of a resource can.`,
    )
  }
  return definition ?? unknownElement
}

function parseComparison(parser: Parser, operand: Operand, text: string): Filter {
  const token = parser.lexer.take()
  if (isWord(token, 'pr')) return { kind: 'present', path: wholePath(operand) }
  const op = token.kind === 'word' ? compareOps.get(token.text.toLowerCase()) : undefined
  if (!op) throw unexpected(token, 'an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)')
  const written = parseLiteral(parser)
  const path = comparedPath(operand, text, parser.options)
  return { kind: 'compare', path, op, value: boundLiteral(path, op, written, parser.options) }
}

function parseLiteral(parser: Parser): WrittenLiteral {
  const token = parser.lexer.take()
  if (token.kind !== 'word' && token.kind !== 'string') throw unexpected(token, 'a value')
  return { text: token.text, quoted: token.kind === 'string' }
}

function isWord(token: Token, text: string): boolean {
  return token.kind === 'word' && token.text.toLowerCase() === text
}

function expect(parser: Parser, kind: Token['kind']): void {
  const token = parser.lexer.take()
  if (token.kind !== kind) throw unexpected(token, kind === 'end' ? 'and, or, or the end' : kind)
}

function unexpected(token: Token, wanted: string): Error {
  const found = token.kind === 'end' ? token.text : quoted(token.text)
  return invalidFilter(`The filter has ${found} where it needs ${wanted}. Correct it and try again.`)
}
