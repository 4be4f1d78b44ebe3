import type { Static, TSchema } from 'typebox'
import type { Change, OperatorRef, Role } from '../model/operator.ts'

/** One request, authenticated, allowed and valid. */
export interface Call<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly operator: OperatorRef
  /** Who and under which request, for events. */
  readonly actor: Change
  /** The value of `If-Match`. */
  readonly ifMatch?: string
}

export interface RouteDefinition<
  P extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  B extends TSchema = TSchema,
  A extends TSchema = TSchema,
> {
  /** Unique; the operationId of the OpenAPI document. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below the prefix, with `:name` for parameters. */
  readonly path: string
  readonly tag: string
  /** The least role that may. */
  readonly role: Role
  readonly summary: string
  /** Concerns no directory and no person: also for operators who are limited to some. */
  readonly scope?: 'any'
  /** Another address has taken its place. */
  readonly deprecated?: true
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly answer?: A
  /** The answer is lines of text, sent as they come: `run` gives an async iterable of them. */
  readonly streams?: true
  /** Default: 200, or 204 without an answer. */
  readonly status?: 200 | 201 | 202 | 204
  run(call: Call<Static<P>, Static<Q>, Static<B>>): Promise<Static<A> | AsyncIterable<string>>
}

/** A route whose types nobody asks for any more: what the table holds. */
export interface Route extends Omit<RouteDefinition, 'run'> {
  run(call: Call<never, never, never>): Promise<unknown>
}

/** Declares a route; parameters, query, body and answer have the types of their schemas. */
export function route<P extends TSchema, Q extends TSchema, B extends TSchema, A extends TSchema>(
  definition: RouteDefinition<P, Q, B, A>,
): Route {
  return definition as Route
}

/** Rows as lines of JSON, for a route that streams. */
export async function* ndjsonOf(rows: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`
}
