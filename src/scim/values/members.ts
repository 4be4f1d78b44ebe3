import type { ClientSwitches } from '../client-profiles.ts'
import { invalidValue, quoted } from '../errors.ts'
import { isObject, isUnassigned } from './json.ts'

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

export function checkedId(id: string): string {
  if (id === '' || id.length > 256 || id.includes('\0') || !id.isWellFormed()) {
    throw invalidValue(`${quoted(id)} is no id. Give each member the id of a User as value.`)
  }
  return id
}

/** Members are Users: neither Okta nor Entra ID sends nested groups, and vendors cannot hold them. */
export function checkType(type: unknown): void {
  if (isUnassigned(type) || (typeof type === 'string' && type.toLowerCase() === 'user')) return
  throw invalidValue(
    'A Group can only have Users as members. Push the Users of the nested group instead of the group.',
  )
}
