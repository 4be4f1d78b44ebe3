import { switchesOf } from '../client-profiles.ts'
import { invalidValue, quoted, ScimError } from '../errors.ts'
import { normaliseBody } from '../normalise.ts'
import { patchSchema } from '../patch/operations.ts'
import type { Actor, Precondition, StoredGroup, StoredUser } from '../ports.ts'
import type { Writes } from '../resources.ts'
import { isObject } from '../values/json.ts'
import { type BulkOperation, partBody, referencesIn, replaceReferences } from './message.ts'

/** What one operation is done with. */
export interface BulkContext {
  readonly actor: Actor
  readonly steps: Steps
  /** The condition that a version makes, as `If-Match` does. */
  readonly demand: (version: string) => Precondition
}

/** What a write left behind; undefined after a DELETE. */
export type Written = StoredUser | StoredGroup | undefined

/** Attributes of a create that are still to be added. */
export type Rest = Readonly<Record<string, unknown>>

/** Does one operation whose references all have an id. Throws a ScimError. */
export async function perform(doing: BulkContext, step: Step): Promise<Written> {
  const type = writesOf(doing.steps, step)
  refuseUnresolved(doing.steps, step)
  const { method, version } = step.operation
  const data = resolved(doing.steps, step.operation.data)
  if (method === 'POST') return create(doing, step, type, data)
  const bulkId = bulkIdOf(step)
  if (bulkId !== undefined) step.id = doing.steps.creates.get(bulkId)?.id
  if (step.id === undefined) throw unresolved(`No resource was created for bulkId ${quoted(bulkId ?? '')}`)
  const check = version === undefined ? undefined : doing.demand(version)
  if (method === 'PUT') return type.replace(doing.actor, step.id, data, check)
  if (method === 'PATCH') return type.patch(doing.actor, step.id, patchMessage(doing, data), check)
  await type.remove(doing.actor, step.id, check)
  return undefined
}

/** RFC 7644 §3.7.3 itself gives the operations alone as the data of a PATCH; some clients leave out `schemas`. */
function patchMessage({ actor }: BulkContext, data: unknown): unknown {
  if (Array.isArray(data)) return { schemas: [patchSchema], Operations: data as unknown[] }
  const complete = !isObject(data) || Object.keys(data).some((key) => key.toLowerCase() === 'schemas')
  if (complete || !switchesOf(actor.directory.client).lenient) return data
  return { schemas: [patchSchema], ...data }
}

async function create({ actor }: BulkContext, step: Step, type: Writes, data: unknown): Promise<Written> {
  const resource = await type.create(actor, data)
  step.id = resource.id
  return resource
}

/**
 * Creates without the attributes that refer to what is not there yet, and gives these; undefined, with nothing done,
 * where the resource cannot be without them. What could never be accepted is refused before anything is created.
 */
export async function begin(doing: BulkContext, step: Step): Promise<Rest | undefined> {
  const { steps, actor } = doing
  const type = writesOf(steps, step)
  const { data } = step.operation
  if (!isObject(data)) return undefined
  refuseUnresolved(steps, step, { waiting: true })
  const switches = switchesOf(actor.directory.client)
  normaliseBody(
    type.model,
    replaceReferences(data, () => anyId),
    switches,
    'create',
  )
  const { now, later } = partBody(data, (bulkId) => steps.creates.get(bulkId)?.id === undefined)
  const body = resolved(steps, now)
  try {
    normaliseBody(type.model, body, switches, 'create')
  } catch {
    return undefined
  }
  await create(doing, step, type, body)
  return later
}

const anyId = '00000000-0000-0000-0000-000000000000'

/** Adds what a create was begun without. */
export async function complete(doing: BulkContext, step: Step, rest: Rest): Promise<Written> {
  const type = writesOf(doing.steps, step)
  if (step.id === undefined) throw new Error('a create that was not begun cannot be completed')
  refuseUnresolved(doing.steps, step)
  const message = {
    schemas: [patchSchema],
    Operations: [{ op: 'add', value: resolved(doing.steps, rest) }],
  }
  return type.patch(doing.actor, step.id, message, undefined)
}

/** 409: what is referred to does not exist (RFC 7644 §3.7.1). */
export function unresolved(detail: string): ScimError {
  return new ScimError(409, `${detail}. Correct the references, and send the operation again.`)
}

/** Whose resources the operation writes, if it may. Throws 404, 405 or `invalidValue`. */
function writesOf({ creates }: Steps, step: Step): Writes {
  const { operation, type, rest } = step
  if (!type)
    throw new ScimError(404, `${quoted(operation.path)} is not an endpoint that bulk requests can write to`)
  const offered = rest === '' ? ['POST'] : ['PUT', 'PATCH', 'DELETE']
  if (!offered.includes(operation.method)) {
    throw new ScimError(405, `${quoted(operation.path)} offers ${offered.join(', ')} in bulk requests`)
  }
  if (operation.method === 'POST' && creates.get(operation.bulkId ?? '') !== step) {
    throw invalidValue('Each POST needs a bulkId that no other POST of the request has. Give it one.')
  }
  return type
}

function refuseUnresolved({ creates }: Steps, step: Step, { waiting = false } = {}): void {
  for (const bulkId of step.references) {
    const create = creates.get(bulkId)
    if (create && (create.id !== undefined || (waiting && !create.done))) continue
    throw unresolved(`No resource was created for bulkId ${quoted(bulkId)}`)
  }
}

function resolved({ creates }: Steps, data: unknown): unknown {
  return replaceReferences(data, (bulkId) => creates.get(bulkId)?.id)
}

/** One operation on its way. */
export interface Step {
  readonly operation: BulkOperation
  /** Whose collection or resource the path names; undefined: no endpoint of resources that clients write. */
  readonly type: Writes | undefined
  /** The rest of the path: empty for the collection, an id, or `bulkId:` and a bulkId. */
  readonly rest: string
  /** bulkIds that the data refers to. */
  readonly references: ReadonlySet<string>
  /** Creates whose ids are not known yet; shrinks. */
  readonly waitsFor: Set<Step>
  /** Steps that must be over: the create of the resource that the path names, and the write of it before this one. */
  readonly after: readonly Step[]
  /** Of the resource, once it is known. */
  id: string | undefined
  done: boolean
}

export interface Steps {
  /** In the order of the request. */
  readonly all: readonly Step[]
  /** The create that a bulkId means: the first that has it. */
  readonly creates: ReadonlyMap<string, Step>
}

const bulkIdPrefix = 'bulkId:'

/** The operations, each with what it has to wait for. */
export function stepsOf(operations: readonly BulkOperation[], types: readonly Writes[]): Steps {
  const all = operations.map((operation) => stepOf(operation, types))
  const creates = new Map<string, Step>()
  for (const step of all) {
    const { method, bulkId } = step.operation
    if (method === 'POST' && bulkId !== undefined && !creates.has(bulkId)) creates.set(bulkId, step)
  }
  const lastOf = new Map<string, Step>()
  for (const step of all) {
    for (const bulkId of step.references) {
      const create = creates.get(bulkId)
      if (create) step.waitsFor.add(create)
    }
    if (step.operation.method === 'POST') continue
    const key = `${step.type?.model.endpoint}/${step.rest}`
    for (const earlier of [creates.get(bulkIdOf(step) ?? ''), lastOf.get(key)]) {
      if (earlier) step.after.push(earlier)
    }
    lastOf.set(key, step)
  }
  return { all, creates }
}

function stepOf(operation: BulkOperation, types: readonly Writes[]): Step & { readonly after: Step[] } {
  const path = operation.path.startsWith('/') ? operation.path : `/${operation.path}`
  const type = types.find(({ model }) => path === model.endpoint || path.startsWith(`${model.endpoint}/`))
  const rest = type ? path.slice(type.model.endpoint.length + 1) : path
  return {
    operation,
    type,
    rest,
    references: referencesIn(operation.data),
    waitsFor: new Set(),
    after: [],
    id: rest === '' || rest.startsWith(bulkIdPrefix) ? undefined : rest,
    done: false,
  }
}

/** The bulkId that a path names its resource by. */
function bulkIdOf({ rest }: Step): string | undefined {
  return rest.startsWith(bulkIdPrefix) ? rest.slice(bulkIdPrefix.length) : undefined
}

/** What keeps a step from being done now. */
function obstacle(step: Step): Step | undefined {
  for (const create of step.waitsFor) {
    if (create.id === undefined && !create.done) return create
    step.waitsFor.delete(create)
  }
  return step.after.find(({ done }) => !done)
}

/** The first step that nothing keeps; undefined: those that are left wait for each other. */
export function nextStep(open: Iterable<Step>): Step | undefined {
  for (const step of open) if (!obstacle(step)) return step
  return undefined
}

/** Creates that wait for each other, found from the first step that waits; in the order of the request. */
export function circleFrom(open: Iterable<Step>, { all }: Steps): readonly Step[] {
  const seen: Step[] = []
  let [at]: Iterable<Step | undefined> = open
  while (at && !seen.includes(at)) {
    seen.push(at)
    at = obstacle(at)
  }
  const circle = new Set(at ? seen.slice(seen.indexOf(at)) : [])
  return all.filter((step) => circle.has(step))
}
