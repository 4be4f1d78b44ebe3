import { ignoring } from '../../../model/errors.ts'
import type { Target, VendorGroup } from '../../contract.ts'
import type { GroupKeeping, SisenseClient } from '../client/client.ts'
import { failure } from '../errors.ts'
import type { Group } from '../wire.ts'
import { isEveryone } from './names.ts'

type Groups = Required<Pick<Target, 'findGroups' | 'createGroup' | 'renameGroup' | 'removeGroup'>>

/** Groups of the instance's own; those of the system are neither found nor touched. */
export function groupsOf(
  { groups }: Pick<SisenseClient, 'groups'>,
  { groupsCalled, createGroup, renameGroup, removeGroup }: GroupKeeping,
): Groups {
  /** Whether the filter minds letter case is not known, so an empty answer is looked at once more without it. */
  async function find(operation: string, name: string): Promise<readonly VendorGroup[]> {
    const isMeant = (group: Group) => !isSystem(group) && folded(group.name) === folded(name)
    const found = (await groupsCalled(operation, name)).filter(isMeant)
    return (found.length > 0 ? found : (await groups(operation)).filter(isMeant)).map(toGroup)
  }

  return {
    findGroups: (name) => find('findGroups', name),

    async createGroup(name) {
      const group = await createGroup(name).catch(ignoring('conflict'))
      if (group) return { outcome: 'created', group: toGroup(group) }
      const [only, another] = await find('createGroup', name)
      return { outcome: 'exists', group: another ? undefined : only }
    },

    async renameGroup(id, name) {
      return { ...(await renameGroup(id, name)), group: { id, name } }
    },

    async removeGroup(id) {
      const receipt = await removeGroup(id).catch(ignoring('not-found'))
      if (receipt) return receipt
      // A 404 may be the route's: only the list tells that the group is gone.
      const left = (await groups('removeGroup')).some(({ _id }) => _id === id)
      if (left) throw failure('unsupported', 'removeGroup', 'this version cannot remove groups')
      return {}
    },
  }
}

function isSystem(group: Group): boolean {
  return isEveryone(group) || group.admins === true
}

function toGroup({ _id: id, name, created }: Group): VendorGroup {
  return { id, name, ...(created ? { createdAt: created } : {}) }
}

const folded = (name: string): string => name.trim().toLowerCase()
