import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { startTestGateway } from '../../support/gateway.ts'
import { operate } from '../../support/operator.ts'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly description: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema: object
  }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> }
  readonly responses: Record<string, { readonly description: string }>
}

const schemaTypes = ['string', 'integer', 'number', 'boolean', 'object', 'array', 'null']

describe('the OpenAPI document', () => {
  it('is whole: unique ids, declared path parameters, schemas that mean something', async (t) => {
    const { gateway } = await startTestGateway(t, { connections: [] })
    const { body: document } = await operate(gateway.url, 'GET', '/openapi.json')
    assert.equal(document.openapi, '3.1.0')
    const { valid, errors } = await new Validator().validate(structuredClone(document))
    assert.ok(valid, JSON.stringify(errors))
    assert.ok(document.info.title && document.info.version)
    assert.equal(document.components.securitySchemes.operator.scheme, 'bearer')
    const ids = new Set<string>()
    for (const [path, methods] of Object.entries(
      document.paths as Record<string, Record<string, Operation>>,
    )) {
      for (const [method, operation] of Object.entries(methods)) {
        const where = `${method} ${path}`
        assert.ok(['get', 'post', 'put', 'delete'].includes(method), where)
        assert.ok(!ids.has(operation.operationId), where)
        ids.add(operation.operationId)
        assert.ok(operation.summary.endsWith('.') && operation.tags.length === 1, where)
        assert.match(operation.description, /^Role: (viewer|operator|admin)\.$/)
        const parameters = operation.parameters ?? []
        const declared = parameters.filter((each) => each.in === 'path').map(({ name }) => name)
        assert.deepEqual(
          declared.toSorted(),
          [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).toSorted(),
          where,
        )
        assert.ok(
          parameters.every((each) => each.in !== 'path' || each.required === true),
          where,
        )
        assert.ok(
          Object.values(operation.responses).every(({ description }) => description !== ''),
          where,
        )
        for (const { schema } of parameters) checkSchema(schema, where)
        for (const { schema } of Object.values(operation.requestBody?.content ?? {}))
          checkSchema(schema, where)
        if (method === 'get') assert.equal(operation.requestBody, undefined, where)
      }
    }
    assert.ok(ids.size > 30)
  })
})

/** JSON Schema, as far as the routes use it. */
function checkSchema(schema: unknown, where: string): void {
  assert.ok(typeof schema === 'object' && schema !== null, where)
  const { type, properties, items, required, enum: values, pattern } = schema as Record<string, unknown>
  if (type !== undefined) assert.ok(schemaTypes.includes(String(type)), `${where}: type ${String(type)}`)
  if (values !== undefined) assert.ok(Array.isArray(values) && values.length > 0, where)
  if (pattern !== undefined) assert.doesNotThrow(() => new RegExp(String(pattern), 'u'))
  const known = Object.keys((properties ?? {}) as object)
  for (const name of (required ?? []) as string[])
    assert.ok(known.includes(name), `${where}: ${name} is required and unknown`)
  for (const each of Object.values((properties ?? {}) as object)) checkSchema(each, where)
  if (items !== undefined) checkSchema(items, where)
}
