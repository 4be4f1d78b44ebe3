import Type, { type TSchema } from 'typebox'
import { Identity, People, Rows } from '../kit/shape.ts'
import type { AccountMapping, CatalogueMapping, Condition, Field } from './model.ts'

type FieldType = 'text' | 'integer' | 'boolean' | 'id' | 'epoch'

interface Parsed {
  readonly path: readonly string[]
  readonly type: FieldType
  readonly mayBeAbsent: boolean
}

function parsed(field: Field): Parsed {
  const [place = '', type = 'text'] = field.split(':')
  return {
    path: place.replace('?', '').split('.'),
    type: type as FieldType,
    mayBeAbsent: place.endsWith('?'),
  }
}

/** Everything at a path; `*` stands for every entry of a list. */
export function valuesAt(body: unknown, path: readonly string[]): readonly unknown[] {
  const [key, ...rest] = path
  if (key === undefined) return body === undefined || body === null ? [] : [body]
  if (key === '*') return Array.isArray(body) ? body.flatMap((each: unknown) => valuesAt(each, rest)) : []
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, key)) return []
  return valuesAt(Reflect.get(body, key), rest)
}

export const at = (body: unknown, place: string | undefined): unknown =>
  place === undefined ? body : valuesAt(body, place.split('.'))[0]

/** A field as text: ids of every type, instants in ISO 8601. Undefined where it is empty or absent. */
export function textOf(body: unknown, field: Field | undefined): string | undefined {
  if (field === undefined) return undefined
  const { path, type } = parsed(field)
  const [value] = valuesAt(body, path)
  if (type === 'epoch') return typeof value === 'number' ? new Date(value * 1000).toISOString() : undefined
  return typeof value === 'string' || typeof value === 'number' ? String(value) || undefined : undefined
}

export function booleanOf(body: unknown, field: Field | undefined): boolean | undefined {
  const [value] = field === undefined ? [] : valuesAt(body, parsed(field).path)
  return typeof value === 'boolean' ? value : undefined
}

export const meets = (body: unknown, { at: place, is }: Condition): boolean =>
  valuesAt(body, place.split('.')).includes(is)

const types = {
  text: Type.String(),
  integer: Type.Integer(),
  boolean: Type.Boolean(),
  id: Type.Union([Type.String({ minLength: 1 }), Type.Integer()]),
  epoch: Type.Number(),
} as const satisfies Record<FieldType, TSchema>

type Strictness = 'required' | 'identity' | 'fact'

interface Branch {
  leaf?: TSchema
  strictness: Strictness
  readonly below: Map<string, Branch>
}

const order: readonly Strictness[] = ['fact', 'identity', 'required']

/** The shape of a reply out of the fields that are read of it. */
function shapeOf(
  fields: readonly (readonly [path: readonly string[], leaf: TSchema, how: Strictness])[],
): TSchema {
  const root: Branch = { strictness: 'required', below: new Map() }
  for (const [path, leaf, how] of fields) {
    let branch = root
    for (const key of path) {
      const next = branch.below.get(key) ?? { strictness: how, below: new Map() }
      // What something relies on is there for everybody who reads it.
      if (order.indexOf(how) > order.indexOf(next.strictness)) next.strictness = how
      branch.below.set(key, next)
      branch = next
    }
    branch.leaf ??= leaf
  }
  return schemaOf(root)
}

function schemaOf({ leaf, below }: Branch): TSchema {
  if (leaf) return leaf
  const properties = [...below].map(([key, branch]): [string, TSchema] => {
    const schema = schemaOf(branch)
    if (branch.strictness === 'required') return [key, schema]
    const nullable = Type.Union([schema, Type.Null()])
    return [key, Type.Optional(branch.strictness === 'identity' ? Identity(nullable) : nullable)]
  })
  return Type.Object(Object.fromEntries(properties))
}

type Shaped = readonly [readonly string[], TSchema, Strictness]

const identity = (field: Field): Shaped => {
  const { path, type, mayBeAbsent } = parsed(field)
  const leaf = type === 'text' && !mayBeAbsent ? Type.String({ minLength: 1 }) : types[type]
  return [path, leaf, mayBeAbsent ? 'identity' : 'required']
}

const fact = (field: Field): Shaped => {
  const { path, type } = parsed(field)
  return [path, types[type], 'fact']
}

const condition = ({ at: place, is }: Condition): Shaped => {
  const type = typeof is === 'string' ? 'text' : typeof is === 'boolean' ? 'boolean' : 'integer'
  return [place.split('.'), types[type], 'required']
}

/** What is relied on of an account in a reply; `partial`: what it holds is not told there. */
export function accountShape(mapping: AccountMapping, isPartial: boolean): TSchema {
  const { id, login, profile, state, holds, createdAt, facts = {}, service, readOnly } = mapping
  const held = holds.map(({ each, of }): Shaped => {
    const entry = of === undefined ? types.id : shapeOf([identity(of)])
    return [each.split('.'), Type.Array(entry), 'required']
  })
  const optional = [...Object.values(profile), createdAt, ...Object.values(facts), readOnly?.where]
  return shapeOf([
    identity(id),
    identity(login),
    ...state.map(condition),
    ...(service ? [condition(service)] : []),
    ...(isPartial ? [] : held),
    ...optional.filter((field) => field !== undefined).map(fact),
  ])
}

export function catalogueShape({ id, name, also = [] }: CatalogueMapping): TSchema {
  return shapeOf([identity(id), identity(name), ...also.map(fact)])
}

/** A reply that holds something at a place, and whatever else is read of it. */
export function replyShape(place: string | undefined, inner: TSchema, more: readonly Field[] = []): TSchema {
  if (place === undefined) return inner
  return shapeOf([[place.split('.'), inner, 'required'], ...more.map(identity)])
}

export const peopleOf = (entry: TSchema): TSchema => People(entry)
export const thingsOf = (entry: TSchema): TSchema => Rows(entry)

export const conditionShape = (fields: readonly Field[], demanded: Condition | undefined): TSchema =>
  shapeOf([...fields.map(identity), ...(demanded ? [condition(demanded)] : [])])
