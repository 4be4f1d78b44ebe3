import { Group, Groups } from '../wire.ts'
import type { Requests } from '../requests.ts'
import type { GroupKeeping } from './client.ts'
import { pageSize } from './paging.ts'
import { idSegment, reads, writes } from './shared.ts'

const v1 = 'api/v1'
const v09 = 'api'

/** Groups are made and removed by v1 and renamed by v0.9, whose answer is a write result. */
export function groupKeeping({ list, create, change }: Requests): GroupKeeping {
  return {
    async groupsCalled(operation, name) {
      const query = { name, skip: 0, limit: pageSize, sort: '_id' }
      return (await list(reads({ operation, path: `${v1}/groups`, query }), Groups)).body
    },

    async createGroup(name) {
      const call = { operation: 'createGroup', method: 'POST', path: `${v1}/groups`, body: { name } } as const
      return (await create(writes(call), Group)).body
    },

    async renameGroup(id, name) {
      const operation = 'renameGroup'
      const path = `${v09}/groups/${idSegment(operation, id)}`
      await change(writes({ operation, method: 'PUT', path, body: { name } }))
      return {}
    },

    async removeGroup(id) {
      const operation = 'removeGroup'
      const path = `${v1}/groups/${idSegment(operation, id)}`
      await change(writes({ operation, method: 'DELETE', path }))
      return {}
    },
  }
}
