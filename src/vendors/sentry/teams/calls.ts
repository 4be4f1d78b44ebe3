import { type Call, type Requester, segment } from '../../kit/http.ts'
import { Team, Teams } from '../wire.ts'

/** Making, renaming and removing teams; docs.sentry.io/api/teams. The API guide has no such routes. */
export function teamKeeping(send: Requester, organization: string) {
  const organizationTeams = `organizations/${segment(organization)}/teams/`
  const pathOf = (slug: string) => `teams/${segment(organization)}/${segment(slug)}/`
  return {
    /** The team of exactly this slug. */
    async teamCalled(operation: string, slug: string): Promise<Team | undefined> {
      const query = { query: `slug:${slug}`, per_page: 100, detailed: 0 }
      const call = { operation, method: 'GET', path: organizationTeams, pathClass: 'teams', query } as const
      const { body } = await send({ ...call, needs: 'team:read' }, Teams)
      return body.find((team) => team.slug === slug)
    },

    /** Rejects with `conflict` when the slug is taken. */
    async createTeam(slug: string): Promise<Team> {
      const call = keeping({ operation: 'createGroup', method: 'POST', path: organizationTeams })
      return (await send({ ...call, body: { slug } }, Team)).body
    },

    async renameTeam(from: string, slug: string): Promise<Team> {
      const call = keeping({ operation: 'renameGroup', method: 'PUT', path: pathOf(from) })
      return (await send({ ...call, body: { slug, name: slug } }, Team)).body
    },

    /** Sentry removes it by and by; its slug is free at once. */
    async removeTeam(slug: string): Promise<void> {
      await send(keeping({ operation: 'removeGroup', method: 'DELETE', path: pathOf(slug) }))
    },
  }
}

function keeping(call: Omit<Call, 'pathClass' | 'needs'>): Call {
  return { ...call, pathClass: 'teams', needs: 'team:admin' }
}
