import { type Query, sql, type Statement } from './statement.ts'

/** Stands for a value in a statement that is put together once. */
class Placeholder {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/**
 * A statement that is put together once and then only given its values: each name is one parameter, however often it
 * stands in the text; everything else is written into the text.
 */
export function prepared<Name extends string>(
  build: (value: (name: Name) => Statement) => Statement,
  { shortRead = false }: Pick<Query, 'shortRead'> = {},
): (values: Readonly<Record<Name, unknown>>) => Query {
  let compiled: { readonly text: string; readonly names: readonly Name[] } | undefined
  return (values) => {
    compiled ??= compile<Name>(build((name) => sql`${new Placeholder(name)}`))
    return { text: compiled.text, values: compiled.names.map((name) => values[name]), shortRead }
  }
}

function compile<Name extends string>(statement: Statement): { text: string; names: Name[] } {
  const names: Name[] = []
  const text = statement.strings.reduce((text, part, index) => {
    const value: unknown = statement.values[index - 1]
    if (!(value instanceof Placeholder)) return text + literal(value) + part
    const name = value.name as Name
    if (!names.includes(name)) names.push(name)
    return `${text}$${names.indexOf(name) + 1}${part}`
  })
  return { text, names }
}

function literal(value: unknown): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string' && !value.includes('\\')) return `'${value.replaceAll("'", "''")}'`
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  throw new TypeError(`a ${typeof value} cannot be written into the text of a statement`)
}
