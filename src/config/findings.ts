import type { TSchema } from 'typebox'
import { Settings } from 'typebox/system'
import { Errors } from 'typebox/value'
import { type Finding, isRecord, nearest, type Path } from './problems.ts'

/** Everything that a schema has against a value, one finding a fault, in words for an admin. */
export function findings(schema: TSchema, value: unknown, base: Path = []): readonly Finding[] {
  const all = everyError(schema, value)
  const unions = new Set(
    all.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath),
  )
  return all.flatMap((error): Finding[] => {
    const path = [...base, ...steps(error.instancePath)]
    const params = error.params as Record<string, unknown>
    if (error.keyword === 'boolean') return []
    if (error.keyword === 'anyOf') return [{ path, message: unionMessage(all, error.instancePath) }]
    if (inUnion(error.instancePath, unions)) return []
    if (error.keyword === 'required')
      return strings(params['requiredProperties']).map((key) => ({
        path: [...path, key],
        message: 'is required',
      }))
    if (error.keyword === 'additionalProperties') {
      const known = knownKeys(schema, error.schemaPath)
      return strings(params['additionalProperties']).map((key) => unknownKey([...path, key], key, known))
    }
    return [{ path, message: message(error.keyword, params) }]
  })
}

function unknownKey(path: Path, key: string, known: readonly string[]): Finding {
  if (known.length === 0)
    return {
      path,
      atKey: true,
      message: 'is not a valid name; use letters, digits, ".", "_" and "-", at most 63 characters',
    }
  const guess = nearest(key, known)
  const hint = guess ? `did you mean "${guess}"?` : `known keys: ${known.join(', ')}`
  return { path, atKey: true, message: `is not a known key; ${hint}` }
}

interface SchemaError {
  readonly keyword: string
  readonly schemaPath: string
  readonly instancePath: string
  readonly params: object
}

function everyError(schema: TSchema, value: unknown): readonly SchemaError[] {
  // TypeBox stops after eight errors by default; the setting is process-wide, so it is put back.
  const before = Settings.Get().maxErrors
  Settings.Set({ maxErrors: 10_000 })
  try {
    return Errors(schema, value) as readonly SchemaError[]
  } finally {
    Settings.Set({ maxErrors: before })
  }
}

function message(keyword: string, params: Record<string, unknown>): string {
  const limit = String(params['limit'])
  const words: Readonly<Record<string, string>> = {
    type: `must be ${typeWords[String(params['type'])] ?? String(params['type'])}`,
    enum: `must be one of ${strings(params['allowedValues']).join(', ')}`,
    const: `must be ${String(params['allowedValue'])}`,
    minLength: limit === '1' ? 'must not be empty' : `must have at least ${limit} characters`,
    maxLength: `must have at most ${limit} characters`,
    minItems: limit === '1' ? 'must not be empty' : `must have at least ${limit} entries`,
    minimum: `must be at least ${limit}`,
    maximum: `must be at most ${limit}`,
    uniqueItems: 'must not contain the same value twice',
    pattern: patternWords(String(params['pattern'])),
  }
  return words[keyword] ?? `is not valid (${keyword})`
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a block of keys',
  array: 'a list',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

function patternWords(pattern: string): string {
  if (pattern.includes('(ms|s|m|h|d)')) return 'must be a duration such as 500ms, 8s, 30m, 6h or 30d'
  if (pattern.startsWith('^[A-Za-z0-9][A-Za-z0-9._-]'))
    return 'must be a name: letters, digits, ".", "_" and "-", at most 63 characters'
  if (pattern.startsWith('^[0-9]{4}-'))
    return 'must be a date such as 2027-01-31, or an instant such as 2027-01-31T18:00:00Z'
  return `must match ${pattern}`
}

function unionMessage(all: readonly SchemaError[], instancePath: string): string {
  const here = all.filter((error) => error.instancePath === instancePath)
  const values = here.flatMap(({ keyword, params }) => {
    if (keyword === 'const') return [String((params as { allowedValue?: unknown }).allowedValue)]
    if (keyword === 'enum') return strings((params as { allowedValues?: unknown }).allowedValues)
    return []
  })
  if (values.length > 0) return `must be one of ${[...new Set(values)].join(', ')}`
  const types = here.flatMap(({ keyword, params }) =>
    keyword === 'type' ? [typeWords[String((params as { type?: unknown }).type)] ?? 'another type'] : [],
  )
  return types.length > 0
    ? `must be ${[...new Set(types)].join(' or ')}`
    : 'does not match any of the allowed forms'
}

function inUnion(instancePath: string, unions: ReadonlySet<string>): boolean {
  return [...unions].some((union) => instancePath === union || instancePath.startsWith(`${union}/`))
}

function knownKeys(schema: TSchema, schemaPath: string): readonly string[] {
  const found = steps(schemaPath.replace(/^#/, '')).reduce<unknown>(
    (at, step) => (isRecord(at) ? at[String(step)] : Array.isArray(at) ? at[Number(step)] : undefined),
    schema,
  )
  return isRecord(found) && isRecord(found['properties']) ? Object.keys(found['properties']) : []
}

function steps(pointer: string): (string | number)[] {
  if (pointer === '') return []
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step))
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
