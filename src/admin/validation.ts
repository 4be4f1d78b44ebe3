import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Check, Clone, Convert, Default, Errors } from 'typebox/value'

/** Texts of paths and queries are converted to what the schema says; a body must already be of it. Nothing is dropped. */
const compile: FastifySchemaCompiler<TSchema> =
  ({ schema, httpPart }) =>
  (data: unknown) => {
    const given = Default(schema, Clone(data ?? {}))
    const value = httpPart === 'body' ? given : Convert(schema, given)
    if (Check(schema, value)) return { value }
    const [first] = Errors(schema, value)
    const where = first?.instancePath.slice(1).replaceAll('/', '.')
    return {
      error: new Error(`${[httpPart, where].filter(Boolean).join('.')} ${first?.message ?? 'is not valid'}`),
    }
  }

export function validateByTypeBox(app: FastifyInstance): void {
  app.setValidatorCompiler(compile)
  app.setSchemaErrorFormatter((errors) => new Error(errors[0]?.message ?? 'not valid'))
}
