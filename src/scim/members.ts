import type { ClientSwitches } from './client-profiles.ts'
import { invalidFilter, invalidValue, mutability, quoted } from './errors.ts'
import type { Filter } from './filter/ast.ts'
import type { PatchOperation } from './patch/operations.ts'
import type { MemberDelta } from './ports.ts'
import { isObject, isUnassigned } from './values/json.ts'

/** A delta under construction; operations fold into it in order, without reading the members. */
export interface MemberChanges extends MemberDelta {
  readonly clear: boolean
  readonly add: Set<string>
  readonly remove: Set<string>
}

const none = (clear = false): MemberChanges => ({ clear, add: new Set(), remove: new Set() })

/** The changes after one more operation on `members`; `before` is used up. */
export function foldMembers(
  before: MemberChanges | undefined,
  operation: PatchOperation,
  switches: ClientSwitches,
): MemberChanges {
  const changes = before ?? none()
  const { op, target, value } = operation
  if (target.subAttribute) return foldPart(changes, operation)
  if (target.filter) return foldFiltered(changes, operation, target.filter)
  if (op === 'remove') {
    return value === undefined ? none(true) : removing(changes, memberIds(value, switches))
  }
  const ids = memberIds(value, switches)
  return adding(op === 'replace' ? none(true) : changes, ids)
}

/** What the operations ask of `rows` together; `alone`: they touch nothing else. */
export function memberDelta(
  operations: readonly PatchOperation[],
  rows: string | undefined,
  switches: ClientSwitches,
): { readonly delta: MemberDelta; readonly alone: boolean } {
  const ofRows = operations.filter(
    ({ target }) => !target.extension && target.attribute !== undefined && target.attribute.name === rows,
  )
  const delta = ofRows.reduce<MemberChanges>((before, each) => foldMembers(before, each, switches), none())
  return { delta, alone: ofRows.length === operations.length }
}

function adding(changes: MemberChanges, ids: Iterable<string>): MemberChanges {
  for (const id of ids) {
    changes.remove.delete(id)
    changes.add.add(id)
  }
  return changes
}

function removing(changes: MemberChanges, ids: Iterable<string>): MemberChanges {
  for (const id of ids) {
    changes.add.delete(id)
    if (!changes.clear) changes.remove.add(id)
  }
  return changes
}

/** `display` and `$ref` are made by the service provider; who a member is never changes. */
function foldPart(changes: MemberChanges, { op, target, value }: PatchOperation): MemberChanges {
  const name = target.subAttribute?.name
  if (op !== 'remove' && name === 'type') checkType(value)
  else if (op === 'remove' || name === 'value') {
    throw mutability(`${quoted(target.text)} cannot change. Remove the member, and add another.`)
  }
  return changes
}

function foldFiltered(changes: MemberChanges, { op, target }: PatchOperation, filter: Filter): MemberChanges {
  const ids = idsOf(filter, target.text)
  if (op === 'remove') return ids === 'everybody' ? none(true) : removing(changes, ids)
  if (op === 'add' && ids !== 'everybody') return adding(changes, ids)
  throw mutability(`${quoted(target.text)} cannot be changed in place. Remove members and add others.`)
}

type Ids = ReadonlySet<string> | 'everybody'

/** Whom a filter over members means; only filters that can be answered without reading the members. */
function idsOf(filter: Filter, text: string): Ids {
  switch (filter.kind) {
    case 'or':
      return union(filter.terms.map((term) => idsOf(term, text)))
    case 'and':
      return filter.terms.map((term) => idsOf(term, text)).reduce(intersection)
    case 'compare': {
      const name = filter.path.names.join('.')
      if (filter.op !== 'eq' || typeof filter.value !== 'string') break
      if (name === 'value') return new Set([checkedId(filter.value)])
      // Every member is a User.
      if (name === 'type') return filter.value.toLowerCase() === 'user' ? 'everybody' : new Set()
      break
    }
    default:
  }
  throw invalidFilter(`${quoted(text)} is not supported for members. Name them: members[value eq "<id>"].`)
}

function union(sets: readonly Ids[]): Ids {
  return sets.includes('everybody') ? 'everybody' : new Set(sets.flatMap((ids) => [...ids]))
}

function intersection(a: Ids, b: Ids): Ids {
  if (a === 'everybody') return b
  return b === 'everybody' ? a : new Set([...a].filter((id) => b.has(id)))
}

/** The ids in a `members` value, each once. Nested groups, and elements without an id, are refused with `invalidValue`. */
export function memberIds(value: unknown, switches: ClientSwitches): string[] {
  if (isUnassigned(value)) return []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const ids = list.filter((each) => !isUnassigned(each)).map((each) => memberId(each, switches))
  return [...new Set(ids)]
}

function memberId(element: unknown, switches: ClientSwitches): string {
  if (typeof element === 'string' && switches.lenient) return checkedId(element)
  if (!isObject(element)) {
    throw invalidValue('Each member must be an object such as {"value":"<id of the User>"}. Correct members.')
  }
  let id: unknown
  for (const [key, each] of Object.entries(element)) {
    const name = key.toLowerCase()
    if (name === 'value') id = each
    else if (name === 'type') checkType(each)
  }
  if (typeof id !== 'string') {
    throw invalidValue('A member has no value. Give each member the id of a User as value.')
  }
  return checkedId(id)
}

function checkedId(id: string): string {
  if (id === '' || id.length > 256 || id.includes('\0') || !id.isWellFormed()) {
    throw invalidValue(`${quoted(id)} is not an id. Give each member the id of a User as value.`)
  }
  return id
}

/** Members are Users: neither Okta nor Entra ID sends nested groups, and vendors cannot hold them. */
function checkType(type: unknown): void {
  if (isUnassigned(type) || (typeof type === 'string' && type.toLowerCase() === 'user')) return
  throw invalidValue(
    'A Group can only have Users as members. Push the Users of the nested group instead of the group.',
  )
}
