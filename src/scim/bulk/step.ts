import type { Writes } from '../resources.ts'
import type { BulkOperation } from './message.ts'
import { referencesIn } from './references.ts'

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
export function bulkIdOf({ rest }: Step): string | undefined {
  return rest.startsWith(bulkIdPrefix) ? rest.slice(bulkIdPrefix.length) : undefined
}

/** What keeps a step from being done now. */
export function obstacle(step: Step): Step | undefined {
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
