import Type, { type Static, type TArray, type TSchema } from 'typebox'
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

/** Roles, groups, places: an entry that cannot be read is set aside, and only itself is frozen by it. */
export function Rows<S extends TSchema>(entry: S): TArray<S> {
  return Type.Array(entry, { 'x-rows': 'things' })
}

/** People: an entry that cannot be read is set aside where the reader says what becomes of it (`tolerant.ts`). */
export function People<S extends TSchema>(entry: S): TArray<S> {
  return Type.Array(entry, { 'x-rows': 'people' })
}

/** An optional field that decides who somebody is or what they hold: absent is an answer, what cannot be read is not. */
export function Identity<S extends TSchema>(schema: S): S {
  return { ...schema, 'x-identity': true }
}

/** What a write brings back and nobody relies on: empty or odd, the write was done all the same, and reads decide. */
export function Receipt<S extends TSchema>(schema: S): S {
  return { ...schema, 'x-receipt': true }
}

/** Somebody whose entry could not be read: the id and the login, in lower case, where at least those could be told. */
export interface SetAside {
  readonly id: string | undefined
  readonly login?: string | undefined
}

/** What a body says, as far as it can be read. */
export type Reading<T> =
  | {
      readonly ok: true
      readonly value: T
      /** Paths of what was not as promised; entries of lists as `*`. */
      readonly deviations: readonly string[]
      /** People; of other lists only the deviation tells. */
      readonly setAside: readonly SetAside[]
      /** Entries of any list that are left out of the value. */
      readonly leftOut: number
    }
  /** `path`: where something that must be known cannot be read. */
  | { readonly ok: false; readonly path: string; readonly message: string }

/**
 * Reads a body: what its schema requires strictly, what is optional leniently. An optional field that is null or of another type
 * counts as absent; an entry of `Rows` that lacks what is required is set aside.
 */
export function readAs<S extends TSchema>(schema: S, body: unknown): Reading<Static<S>> {
  if (fits(schema, body)) return { ok: true, value: body, deviations: [], setAside: [], leftOut: 0 }
  const notes: Notes = newNotes()
  const read = repaired(schema as Loose, body, '', notes)
  if (!read.ok) {
    if (!(schema as Loose)['x-receipt']) return read
    return { ok: true, value: {} as Static<S>, deviations: [read.path || '/'], setAside: [], leftOut: 0 }
  }
  return {
    ok: true,
    value: read.value as Static<S>,
    deviations: [...notes.deviations],
    setAside: notes.setAside,
    leftOut: notes.leftOut,
  }
}

interface Notes {
  readonly deviations: Set<string>
  readonly setAside: SetAside[]
  leftOut: number
}

const newNotes = (): Notes => ({ deviations: new Set(), setAside: [], leftOut: 0 })

function add(inner: Notes, notes: Notes): void {
  for (const each of inner.deviations) notes.deviations.add(each)
  notes.setAside.push(...inner.setAside)
  notes.leftOut += inner.leftOut
}

/** JSON Schema, as far as it is walked. */
export interface Loose extends TSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Loose>>
  readonly required?: readonly string[]
  readonly items?: Loose
  readonly anyOf?: readonly Loose[]
  readonly allOf?: readonly Loose[]
  readonly 'x-rows'?: 'things' | 'people'
  readonly 'x-identity'?: boolean
  readonly 'x-receipt'?: boolean
}

type Repaired =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly path: string; readonly message: string }

const typeOf = (value: unknown): string =>
  value === undefined ? 'absent' : value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value

function repaired(schema: Loose, value: unknown, path: string, notes: Notes): Repaired {
  if (schema.anyOf) return repairedAny(schema.anyOf, value, path, notes)
  if (schema.allOf) return repairedAll(schema.allOf, value, path, notes)
  if (schema.properties) return repairedObject(schema, value, path, notes)
  if (schema.items && Array.isArray(value)) return repairedList(schema, value, path, notes)
  if (Value.Check(schema, value)) return { ok: true, value }
  const wanted = schema.type ?? 'something else'
  const found = typeOf(value)
  return {
    ok: false,
    path,
    message: found === wanted ? 'is empty or out of range' : `is ${found}, not ${wanted}`,
  }
}

function repairedObject(
  { properties = {}, required = [] }: Loose,
  value: unknown,
  path: string,
  notes: Notes,
): Repaired {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { ok: false, path, message: `is ${typeOf(value)}, not object` }
  const kept: Record<string, unknown> = { ...value }
  for (const [key, schema] of Object.entries(properties)) {
    const given = kept[key]
    if (given === undefined) {
      if (!required.includes(key)) continue
      return { ok: false, path: `${path}/${key}`, message: 'is absent' }
    }
    const inner = newNotes()
    const read = repaired(schema, given, `${path}/${key}`, inner)
    if (read.ok) {
      kept[key] = read.value
      add(inner, notes)
    } else if (required.includes(key) || schema['x-identity']) return read
    else {
      delete kept[key]
      notes.deviations.add(read.path)
    }
  }
  return { ok: true, value: kept }
}

function repairedList(schema: Loose, value: readonly unknown[], path: string, notes: Notes): Repaired {
  const kept: unknown[] = []
  for (const entry of value) {
    const read = repaired(schema.items!, entry, `${path}/*`, notes)
    if (read.ok) kept.push(read.value)
    else if (!schema['x-rows']) return read
    else {
      notes.deviations.add(read.path)
      notes.leftOut++
      if (schema['x-rows'] === 'people') notes.setAside.push({ id: idOf(entry), login: loginOf(entry) })
    }
  }
  return { ok: true, value: kept }
}

/** Whichever way of several loses least. */
function repairedAny(branches: readonly Loose[], value: unknown, path: string, notes: Notes): Repaired {
  let best: { readonly value: unknown; readonly notes: Notes } | undefined
  let deepest: Extract<Repaired, { ok: false }> | undefined
  for (const branch of branches) {
    const inner = newNotes()
    const read = repaired(branch, value, path, inner)
    if (!read.ok) {
      if (!deepest || read.path.length > deepest.path.length) deepest = read
    } else if (!best || inner.deviations.size < best.notes.deviations.size) {
      best = { value: read.value, notes: inner }
    }
  }
  if (!best) return deepest ?? { ok: false, path, message: `is ${typeOf(value)}` }
  add(best.notes, notes)
  return { ok: true, value: best.value }
}

function repairedAll(parts: readonly Loose[], value: unknown, path: string, notes: Notes): Repaired {
  let now = value
  for (const part of parts) {
    const read = repaired(part, now, path, notes)
    if (!read.ok) return read
    now = read.value
  }
  return { ok: true, value: now }
}

/** An address under the names that vendors give it. */
function loginOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined
  for (const name of ['email', 'userName', 'username', 'uid', 'login']) {
    const login: unknown = Reflect.get(entry, name)
    if (typeof login === 'string' && login.includes('@')) return login.toLowerCase()
  }
  return undefined
}

/** Under the names that vendors give it. */
function idOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined
  for (const name of ['uuid', 'id', '_id', 'uid']) {
    const id: unknown = Reflect.get(entry, name)
    if (typeof id === 'string' && id !== '' && !id.includes('@')) return id
  }
  return undefined
}
