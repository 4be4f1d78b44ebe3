import type { TSchema } from 'typebox'
import type { OperatorRef } from '../model/operator.ts'
import { notFound, Problem } from './problem.ts'
import type { Route } from './route.ts'

/** Things that belong to a directory, by the name of the parameter that names one. */
type Belonging = 'connection' | 'account' | 'user'

/** The name of the directory that a thing belongs to; undefined where there is no such thing. */
export type DirectoryFinder = (kind: Belonging, id: string) => Promise<string | undefined>

interface Given {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
}

/**
 * Lets an operator who is limited to directories do only what names one of them, or a thing in one of them; everything that
 * does not say so is refused, so that no route is open by being forgotten. A foreign thing is not found.
 */
export async function confine(
  { name, directories }: OperatorRef,
  { scope, params, query, body }: Pick<Route, 'scope' | 'params' | 'query' | 'body'>,
  given: Given,
  directoryOf: DirectoryFinder,
): Promise<void> {
  if (!directories || scope === 'any') return
  const declared = [
    [params, given.params],
    [query, given.query],
    [body, given.body],
  ].flatMap(([schema, values]) => named(schema as TSchema | undefined, values))
  let known = false
  for (const [kind, value] of declared) {
    if (typeof value !== 'string') continue
    const directory = kind === 'directory' ? value : await directoryOf(kind, value)
    if (directory === undefined || !directories.includes(directory)) throw notFound(kind)
    known = true
  }
  if (known) return
  const canName = declared.some(([kind]) => kind === 'directory')
  throw new Problem(
    403,
    'directory',
    canName
      ? `Operator ${name} is limited to ${directories.join(', ')}: name one of them as directory.`
      : `Operator ${name} is limited to ${directories.join(', ')}, and this concerns more. An admin without that limit may do it.`,
  )
}

const kinds = ['directory', 'connection', 'account', 'user'] as const

/** What a route reads: a parameter that its schema does not have means nothing to it, whatever a request says. */
function named(schema: TSchema | undefined, values: unknown): [(typeof kinds)[number], unknown][] {
  const { properties = {} } = (schema ?? {}) as { readonly properties?: Readonly<Record<string, unknown>> }
  const given = (values ?? {}) as Readonly<Record<string, unknown>>
  return kinds.flatMap((kind) => (kind in properties ? [[kind, given[kind]]] : []))
}
