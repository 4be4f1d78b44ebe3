import type { ClientSwitches } from '../client-profiles.ts'
import { mutability, quoted } from '../errors.ts'
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

/** Applies the operations in order, all or none; `current` is never changed. Throws a ScimError. */
export function applyPatch(
  model: ResourceModel,
  current: ResourceBody,
  operations: readonly PatchOperation[],
  switches: ClientSwitches,
  self: { readonly id: string },
): Patched {
  const draft: Record<string, unknown> = { ...current }
  const effort: Effort = { left: mostSteps }
  let members: MemberChanges | undefined
  for (const operation of operations) {
    const { attribute, extension } = operation.target
    if (!attribute) {
      if (extension) delete draft[extension.urn]
    } else if (!extension && attribute.name === 'id') checkId(operation, self.id)
    else if (!extension && attribute.name === model.rows) members = foldMembers(members, operation, switches)
    else applyTo(draft, operation, attribute, switches, effort)
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
  if (!extension && op === 'remove' && definition.name === 'active') {
    // Unassigned would read as active, and bring leavers back.
    if (keyed) return
    throw mutability('active cannot be removed. Replace it with true or false.')
  }
  const section = extension ? draft[extension.urn] : draft
  const container: Record<string, unknown> = isObject(section) ? { ...section } : {}
  const change = { op, definition, filter, subAttribute, value, path, switches, effort }
  const after = changed(container[definition.name], change)
  const holder = extension ? container : draft
  if (after === undefined) delete holder[definition.name]
  else holder[definition.name] = after
  if (!extension) return
  if (Object.keys(container).length === 0) delete draft[extension.urn]
  else draft[extension.urn] = container
}
