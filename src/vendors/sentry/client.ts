import { VendorError } from '../../model/errors.ts'
import { type Call, type Reply, type Requester, segment } from '../kit/http.ts'
import { cursorInLinkHeader, pages, type Paginator } from '../kit/paginate.ts'
import {
  Index,
  Member,
  MemberDetail,
  Members,
  Organization,
  Self,
  Team,
  type TeamRole,
  Teams,
} from './wire.ts'
import type { ApiProfile } from '../../model/account.ts'

const pageSize = 100

export interface ClientOptions {
  readonly organization: string
  readonly profile: ApiProfile
  readonly sendInvite: boolean
}

/** The endpoints of organization members and teams, one function each; docs.sentry.io/api/organizations. */
export function createClient(send: Requester, { organization, profile, sendInvite }: ClientOptions) {
  const base = `organizations/${segment(organization)}/`
  const memberPath = (id: string) => `${base}members/${segment(id)}/`
  const isGuide = profile === 'guide'

  return {
    /** Scopes of the token, where the vendor tells them. */
    async scopes(operation: string): Promise<readonly string[]> {
      const call = { operation, method: 'GET', path: '', pathClass: 'index' } as const
      return (await send(call, Index)).body.auth.scopes
    },

    async organizationId(operation: string): Promise<string> {
      const call = {
        operation,
        method: 'GET',
        path: base,
        pathClass: 'organization',
        needs: 'org:read',
      } as const
      return String((await send(call, Organization)).body.id)
    },

    async *members(operation: string, query?: string): AsyncGenerator<Member> {
      const first = listing(operation, `${base}members/`, 'members', 'member:read', query)
      for await (const page of pages(send, first, Members, nextPage)) yield* page
    },

    /** Any member, to see how members are written here. */
    async someMember(operation: string): Promise<Member | undefined> {
      const call = listing(operation, `${base}members/`, 'members', 'member:read')
      return (await send({ ...call, query: { per_page: 1 } }, Members)).body[0]
    },

    async member(operation: string, id: string): Promise<Member> {
      return (await send(readMember(operation, memberPath(id)), MemberDetail)).body
    },

    /** The member that the token belongs to. */
    async self(operation: string) {
      return (await send(readMember(operation, memberPath('me')), Self)).body
    },

    async invite(email: string, { orgRole, teamRoles }: Membership): Promise<Member> {
      const body = isGuide
        ? { email, role: orgRole, teams: teamRoles.map(({ teamSlug }) => teamSlug) }
        : { email, orgRole, teamRoles, sendInvite }
      return (await send({ ...invitation, path: `${base}members/`, body }, Member)).body
    },

    async replaceMembership(id: string, { orgRole, teamRoles }: Membership): Promise<void> {
      const body = isGuide ? { role: orgRole, teamRoles } : { orgRole, teamRoles }
      await send({ ...writeMember('changeEntitlements', 'PUT', memberPath(id)), body })
    },

    /** The invitation's link is made anew and mailed; whatever else an update carried would be left out. */
    async renewInvitation(id: string): Promise<void> {
      const body = { reinvite: true, regenerate: true }
      await send({ ...writeMember('renewInvitation', 'PUT', memberPath(id)), pathClass: 'invitations', body })
    },

    async remove(id: string): Promise<void> {
      await send(writeMember('remove', 'DELETE', memberPath(id)))
    },

    ...teamCalls(send, base, memberPath, isGuide),
    ...teamKeeping(send, organization),
  }
}

function teamCalls(send: Requester, base: string, memberPath: (id: string) => string, isGuide: boolean) {
  return {
    async *teams(operation: string) {
      const first = listing(operation, `${base}teams/`, 'teams', 'team:read')
      for await (const page of pages(send, first, Teams, nextPage)) yield* page
    },

    /** 201 joined, 204 was in it already. 202 is no membership: Sentry only asked the team's admins. */
    async joinTeam(id: string, slug: string): Promise<void> {
      const call = changeTeam('POST', memberPath(id), slug)
      const reply = await send(isGuide ? call : { ...call, body: {} })
      if (reply.status === 202) throw onlyRequested(call)
      if (!joined(reply.body, slug)) throw notJoined(call, reply)
    },

    /** Of somebody who is in the team. The guide has no such route. */
    async setTeamRole(id: string, slug: string, teamRole: 'admin' | 'contributor'): Promise<void> {
      await send({ ...changeTeam('PUT', memberPath(id), slug), body: { teamRole } })
    },

    async leaveTeam(id: string, slug: string): Promise<void> {
      await send(changeTeam('DELETE', memberPath(id), slug))
    },
  }
}

export type Client = ReturnType<typeof createClient>

const invitation = {
  operation: 'create',
  method: 'POST',
  pathClass: 'invitations',
  needs: 'member:write',
} as const

function listing(operation: string, path: string, pathClass: string, needs: string, query?: string): Call {
  return { operation, method: 'GET', path, pathClass, needs, query: { per_page: pageSize, query } }
}

function readMember(operation: string, path: string): Call {
  return { operation, method: 'GET', path, pathClass: 'member', needs: 'member:read' }
}

function writeMember(operation: string, method: 'PUT' | 'DELETE', path: string): Call {
  return { operation, method, path, pathClass: 'member', needs: 'member:admin' }
}

function changeTeam(method: 'POST' | 'PUT' | 'DELETE', member: string, slug: string): Call {
  const path = `${member}teams/${segment(slug)}/`
  return { operation: 'changeEntitlements', method, path, pathClass: 'member-teams', needs: 'team:write' }
}

/** A full page always comes with a `Link`; without one, something on the way took it, and the rest would be lost. */
const nextPage: Paginator = (reply, call) => {
  if (reply.headers['link'] === undefined && Array.isArray(reply.body) && reply.body.length === pageSize) {
    const details = {
      vendor: 'sentry',
      operation: call.operation,
      pathClass: call.pathClass,
      status: reply.status,
    }
    throw new VendorError('unexpected', 'a full page without a Link header', details)
  }
  return cursorInLinkHeader(reply, call)
}

/** A member as answer (the API guide) names its teams; a team as answer (docs.sentry.io) is proof enough. */
function joined(body: unknown, slug: string): boolean {
  const { teams } = (body ?? {}) as { readonly teams?: unknown }
  return !Array.isArray(teams) || teams.includes(slug)
}

function onlyRequested({ operation, pathClass }: Call): VendorError {
  const detail =
    'the token may only ask to join this team (needs team:write, or team:admin for closed membership)'
  const details = { vendor: 'sentry', operation, pathClass, status: 202, certainlyNotDone: true }
  return new VendorError('missing-scope', detail, details)
}

function notJoined({ operation, pathClass }: Call, { status }: Reply): VendorError {
  const details = { vendor: 'sentry', operation, pathClass, status, certainlyNotDone: false }
  return new VendorError('unexpected', 'the answer does not show the team', details)
}

/** What an update carries. The teams are the whole set: a member loses each one that is not named. */
export interface Membership {
  readonly orgRole: string
  readonly teamRoles: readonly TeamRole[]
}

/** Making, renaming and removing teams; docs.sentry.io/api/teams. The API guide has no such routes. */
function teamKeeping(send: Requester, organization: string) {
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
