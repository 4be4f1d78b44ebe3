import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import Value from 'typebox/value'

/** From here on compiling a schema costs less than going without. */
const oftenAsked = 20

type Fits = (value: unknown) => boolean

const asked = new WeakMap<TSchema, number>()
const compiled = new WeakMap<TSchema, Fits>()

/** Whether a body has the shape that its schema promises. Schemas that are asked for again and again are compiled once. */
export function fits<S extends TSchema>(schema: S, value: unknown): value is Static<S> {
  const known = compiled.get(schema)
  if (known) return known(value)
  const times = (asked.get(schema) ?? 0) + 1
  asked.set(schema, times)
  if (times < oftenAsked) return Value.Check(schema, value)
  const validator = Compile(schema)
  const check: Fits = (body) => validator.Check(body)
  compiled.set(schema, check)
  return check(value)
}
