import type { ResourceBody } from '../model/directory.ts'
import type { ClientSwitches } from './client-profiles.ts'
import { ScimError } from './errors.ts'
import { type Ignored, normaliseBody, replaceBody, withKept } from './normalise.ts'
import { applyPatch } from './patch/apply.ts'
import { parsePatch, type PatchOperation } from './patch/operations.ts'
import type { StoredUser } from './ports.ts'
import { userModel } from './schema/model.ts'
import { checkBounds, withinBounds } from './values/bounds.ts'
import { coerceAttribute } from './values/coerce.ts'

/**
 * What a PUT or PATCH makes of a User. A write that shuts out wins: whatever else it asks for and cannot have, access
 * ends, and the impossible parts are left out.
 */
export interface UserEdit {
  /** It asks for `active: false`. */
  readonly shutsOut: boolean
  /**
   * The next body. Throws a ScimError when the write is impossible; one that shuts out puts into `ignored`, in words for
   * the admin, what was left out instead.
   */
  readonly body: (current: StoredUser, ignored: string[]) => ResourceBody
}

export function patchOf(json: unknown, switches: ClientSwitches): UserEdit {
  const unread: string[] = []
  let operations: readonly PatchOperation[]
  let impossible: unknown
  try {
    operations = parsePatch(json, userModel, switches)
  } catch (error) {
    operations = parsePatch(json, userModel, switches, unread)
    if (!endsInactive(operations, switches)) throw error
    impossible = error
  }
  const apply = ({ id, body }: StoredUser, ignored?: string[]): ResourceBody =>
    applyPatch(userModel, body, operations, switches, { id }, ignored).body
  return edit(
    endsInactive(operations, switches),
    (current) => {
      if (impossible !== undefined) throw impossible
      return apply(current)
    },
    (current, ignored) => {
      ignored.push(...unread)
      return apply(current, ignored)
    },
  )
}

export function replacementOf(json: unknown, switches: ClientSwitches): UserEdit {
  const unread: Ignored = { details: [], core: new Set(), extensions: new Map() }
  let body: ResourceBody
  let impossible: unknown
  try {
    body = normaliseBody(userModel, json, switches, 'replace').body
  } catch (error) {
    body = normaliseBody(userModel, json, switches, 'replace', unread).body
    if (body['active'] !== false) throw error
    impossible = error
  }
  return edit(
    body['active'] === false,
    (current) => {
      if (impossible !== undefined) throw impossible
      return replaceBody(userModel, current.body, body)
    },
    (current, ignored) => {
      ignored.push(...unread.details)
      return replaceBody(userModel, current.body, withKept(userModel, current.body, body, unread))
    },
  )
}

function edit(
  shutsOut: boolean,
  whole: (current: StoredUser) => ResourceBody,
  possible: (current: StoredUser, ignored: string[]) => ResourceBody,
): UserEdit {
  return {
    shutsOut,
    body(current, ignored) {
      try {
        const body = whole(current)
        if (body !== current.body) checkBounds(body, current.body)
        return body
      } catch (error) {
        if (!shutsOut || !(error instanceof ScimError)) throw error
        const body = possible(current, ignored)
        if (body['active'] !== false) throw error
        return withinBounds(body, current.body, ignored)
      }
    },
  }
}

/** Whether the last word of the operations on `active` is false. */
function endsInactive(operations: readonly PatchOperation[], switches: ClientSwitches): boolean {
  const last = operations.findLast(
    ({ target }) => target.extension === undefined && target.attribute?.name === 'active',
  )
  if (!last?.target.attribute || last.op === 'remove') return false
  try {
    return coerceAttribute(last.target.attribute, last.value, 'active', switches) === false
  } catch {
    return false
  }
}
