import { switchesOf } from '../../../../src/scim/client-profiles.ts'
import { applyPatch, type Patched } from '../../../../src/scim/patch/apply.ts'
import { parsePatch } from '../../../../src/scim/patch/operations.ts'
import { groupModel, type ResourceModel, userModel } from '../../../../src/scim/schema/model.ts'
import '../../../support/prototypes.ts'
import type { ClientProfile, ResourceBody } from '../../../../src/model/directory.ts'

export const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
export const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/** One operation as clients write it. */
export type Written = Readonly<Record<string, unknown>>

export function patch(
  model: ResourceModel,
  current: ResourceBody,
  operations: readonly Written[],
  client: ClientProfile = 'auto',
): Patched {
  const switches = switchesOf(client)
  const parsed = parsePatch({ schemas: [patchOp], Operations: operations }, model, switches)
  return applyPatch(model, current, parsed, switches, { id: 'self' })
}

export const ada: ResourceBody = Object.freeze({
  externalId: 'e1',
  userName: 'ada',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  active: true,
  title: 'Dr',
  emails: [
    { value: 'a@work', type: 'work', primary: true },
    { value: 'a@home', type: 'home' },
  ],
  [enterprise]: { department: 'R&D' },
})

/** What changes of `ada`, as the attributes that differ afterwards. */
export function patchUser(operations: readonly Written[], client: ClientProfile = 'auto'): ResourceBody {
  return patch(userModel, ada, operations, client).body
}

/** The delta as plain lists. */
export function patchMembers(
  operations: readonly Written[],
  client: ClientProfile = 'auto',
): { clear: boolean; add: string[]; remove: string[] } | undefined {
  const { members } = patch(groupModel, { displayName: 'G' }, operations, client)
  return members && { clear: members.clear, add: [...members.add], remove: [...members.remove] }
}
