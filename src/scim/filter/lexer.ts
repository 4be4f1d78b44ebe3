import { invalidFilter, quoted } from '../errors.ts'

export interface Token {
  readonly kind: 'word' | 'string' | '(' | ')' | '[' | ']' | 'end'
  /** A word as written; a string decoded. */
  readonly text: string
}

export interface Lexer {
  /** The next token, without taking it. */
  peek(): Token
  take(): Token
}

const single: ReadonlyMap<string, Token> = new Map(
  (['(', ')', '[', ']'] as const).map((kind) => [kind, { kind, text: kind }]),
)
const end: Token = { kind: 'end', text: 'the end of the filter' }

/** Cuts a filter into tokens, one pass, no regular expressions. */
export function createLexer(text: string): Lexer {
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
    throw invalidFilter(`${quoted(literal)} is no JSON string. Escape it as JSON does.`, cause)
  }
}

/** Form encoding that was undone in part leaves `+` where blanks were: only then are there no blanks at all. */
export function withoutPluses(text: string): string {
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
