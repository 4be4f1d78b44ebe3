import type { VendorGroup } from '../../model/account.ts'
import { ignoring, VendorError } from '../../model/errors.ts'
import type { Target } from '../contract.ts'
import type { Client } from './client.ts'
import type { Team } from './wire.ts'

type Groups = Required<Pick<Target, 'findGroups' | 'createGroup' | 'renameGroup' | 'removeGroup'>>

/** Teams as the groups of the contract: the slug is the id, and changes with the name. */
export function teamGroups(client: Client): Groups {
  const find = async (operation: string, slug: string): Promise<VendorGroup | undefined> => {
    const team = await client.teamCalled(operation, slug)
    return team && toGroup(team)
  }
  return {
    async findGroups(name) {
      const found = await find('findGroups', slugFor('findGroups', name))
      return found ? [found] : []
    },

    async createGroup(name) {
      const slug = slugFor('createGroup', name)
      const team = await client.createTeam(slug).catch(ignoring('conflict'))
      return team
        ? { outcome: 'created', group: toGroup(team) }
        : { outcome: 'exists', group: await find('createGroup', slug) }
    },

    async renameGroup(id, name) {
      return { group: toGroup(await client.renameTeam(id, slugFor('renameGroup', name))) }
    },

    async removeGroup(id) {
      await client.removeTeam(id).catch(ignoring('not-found'))
      return {}
    },
  }
}

function toGroup({ slug, name, dateCreated }: Team): VendorGroup {
  return { id: slug, name, ...(dateCreated ? { createdAt: dateCreated } : {}) }
}

function slugFor(operation: string, name: string): string {
  const slug = slugOf(name)
  if (slug !== undefined) return slug
  const detail = `${JSON.stringify(name)} has no letter or digit that a team's slug could be made of`
  throw new VendorError('invalid', detail, { vendor: 'sentry', operation, certainlyNotDone: true })
}

const longest = 50

/**
 * A team is known by its slug: small letters, digits, `-` and `_`, at most 50, and not digits alone (docs.sentry.io, Create a
 * New Team). Undefined for a name that has none of them.
 */
function slugOf(name: string): string | undefined {
  const slug = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .slice(0, longest)
    .replaceAll(/^-+|-+$/g, '')
  if (slug === '') return undefined
  return /^\d+$/.test(slug) ? `team-${slug}` : slug
}
