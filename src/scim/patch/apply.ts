import type { ClientSwitches } from '../client-profiles.ts'
import { doPart, mutability, quoted } from '../errors.ts'
import type { MemberDelta } from '../ports.ts'
import type { ResourceModel } from '../schema/model.ts'
import { isObject, sameValue } from '../values/json.ts'
import { checkRequired } from '../values/required.ts'
import { changed, type Effort } from './attribute.ts'
import { foldMembers, type MemberChanges } from '../members.ts'
import type { PatchOperation } from './operations.ts'
import type { ResourceBody } from '../../model/directory.ts'
import type { AttributeDefinition } from '../schema/attribute.ts'

export interface Patched {
  /** The same object as `current` when nothing changed. */
  readonly body: ResourceBody
  /** Undefined: no operation touched members. */
  readonly members: MemberDelta | undefined
}

/** Enough for any honest PATCH; used up within a fraction of a second. */
const mostSteps = 300_000

/**
 * Applies the operations in order, all or none; `current` is never changed. With `ignored`, operations that cannot be
 * applied are noted there and left out. Throws a ScimError.
 */
export function applyPatch(
  model: ResourceModel,
  current: ResourceBody,
  operations: readonly PatchOperation[],
  switches: ClientSwitches,
  self: { readonly id: string },
  ignored?: string[],
): Patched {
  let draft: Record<string, unknown> = { ...current }
  const effort: Effort = { left: mostSteps }
  let members: MemberChanges | undefined
  for (const operation of operations) {
    const { attribute, extension } = operation.target
    doPart(ignored, () => {
      const next = { ...draft }
      if (!attribute) {
        if (extension) delete next[extension.urn]
      } else if (!extension && attribute.name === 'id') checkId(operation, self.id)
      else if (!extension && attribute.name === model.rows)
        members = foldMembers(members, operation, switches)
      else applyTo(next, operation, attribute, switches, effort)
      if (ignored) checkRequired(model, next)
      draft = next
    })
  }
  checkRequired(model, draft)
  return { body: sameValue(draft, current) ? current : draft, members }
}

function checkId({ value }: PatchOperation, id: string): void {
  if (value !== id) throw mutability(`id is ${quoted(id)} and never changes. Leave it out.`)
}

function applyTo(
  draft: Record<string, unknown>,
  operation: PatchOperation,
  definition: AttributeDefinition,
  switches: ClientSwitches,
  effort: Effort,
): void {
  const { op, target, value, keyed } = operation
  const { extension, filter, subAttribute, text: path } = target
  const keepsActive = !extension && definition.name === 'active'
  if (keepsActive && op === 'remove') {
    if (keyed) return
    throw activeUnassigned()
  }
  const section = extension ? draft[extension.urn] : draft
  const container: Record<string, unknown> = isObject(section) ? { ...section } : {}
  const change = { op, definition, filter, subAttribute, value, path, switches, effort }
  const after = changed(container[definition.name], change)
  if (keepsActive && after === undefined) throw activeUnassigned()
  const holder = extension ? container : draft
  if (after === undefined) delete holder[definition.name]
  else holder[definition.name] = after
  if (!extension) return
  if (Object.keys(container).length === 0) delete draft[extension.urn]
  else draft[extension.urn] = container
}

/** Unassigned would read as active, and bring leavers back. */
function activeUnassigned(): Error {
  return mutability('active cannot be removed. Replace it with true or false.')
}
