import type { FastifyInstance } from 'fastify'
import { type Actor, actorOf, demand, isManager, notFound, Refusal, says } from './access.ts'
import { find } from './members.ts'
import { page, type PageQuery } from './paging.ts'
import { type Presenter, teamOf } from './present.ts'
import { removeTeam, renameTeam } from './team-changes.ts'
import { isPending, type SentryOptions, type SimMember, type SimTeam, type SentryState } from './state.ts'

interface Params {
  readonly id: string
  readonly slug: string
}

export function teamRoutes(app: FastifyInstance, state: SentryState, options: SentryOptions): void {
  const isGuide = options.profile === 'guide'
  /** The guide answers a change of teams with the member, the vendor's documentation with the team. */
  const answer = (member: SimMember, team: SimTeam) =>
    isGuide ? { id: member.id, teams: [...member.teams.keys()] } : teamOf(team, state)

  app.get('/teams/', async (request, reply) => {
    demand(actorOf(request, state), 'team:read', 'team:write', 'team:admin')
    const { query } = request.query as PageQuery
    const slug = isGuide ? undefined : /(?:^|\s)slug:(\S+)/.exec(query ?? '')?.[1]
    const found = [...state.teams.values()].filter((team) => slug === undefined || team.slug === slug)
    return page(found, request, reply, options.pageSize ?? 100).map((team) => teamOf(team, state))
  })

  app.post<{ Params: Params }>('/members/:id/teams/:slug/', async (request, reply) => {
    const actor = actorOf(request, state)
    demand(actor, 'org:read', 'org:write', 'team:write')
    const { member, team } = subjects(request.params, state, actor)
    if (member.orgRole === 'billing') {
      throw says(403, "The user with a 'billing' role cannot have team-level permissions.")
    }
    if (member.teams.has(team.slug)) return isGuide ? answer(member, team) : reply.code(204).send()
    if (team.idpProvisioned) throw says(403, managedTeam)
    if (!mayAdd(actor, state)) {
      state.mails.push({ to: member.email, kind: 'access-request' })
      return reply.code(202).send()
    }
    member.teams.set(team.slug, null)
    return reply.code(isGuide ? 200 : 201).send(answer(member, team))
  })

  app.delete<{ Params: Params }>('/members/:id/teams/:slug/', async (request) => {
    const actor = actorOf(request, state)
    demand(actor, 'org:read', 'org:write', 'org:admin', 'team:admin')
    const { member, team } = subjects(request.params, state, actor)
    if (!isManager(actor.member))
      throw says(400, "You do not have permission to edit that user's membership.")
    if (team.idpProvisioned) throw says(403, managedTeam)
    member.teams.delete(team.slug)
    return answer(member, team)
  })

  if (!isGuide) furtherRoutes(app, state)
}

/** Routes of today's documentation that the guide does not know. */
function furtherRoutes(app: FastifyInstance, state: SentryState): void {
  app.put<{ Params: Params; Body: { teamRole?: string } }>('/members/:id/teams/:slug/', async (request) => {
    const { member, team } = subjects(request.params, state, actorOf(request, state))
    if (!member.teams.has(team.slug)) throw notFound()
    member.teams.set(team.slug, request.body.teamRole ?? null)
    return { isActive: true, teamRole: request.body.teamRole ?? null }
  })

  app.post<{ Body: { slug?: string } }>('/teams/', async (request, reply) => {
    const actor = actorOf(request, state)
    demand(actor, 'team:write', 'team:admin')
    const slug = checkedSlug(request.body.slug)
    if (state.teams.has(slug)) {
      const detail = 'A team with this slug already exists.'
      throw new Refusal(409, { non_field_errors: [detail], detail })
    }
    const team = state.addTeam(slug)
    // Who makes a team is in it.
    actor.member?.teams.set(slug, null)
    return reply.code(201).send(teamOf(team, state))
  })
}

/** What Sentry takes as the slug of a team. */
function checkedSlug(slug: unknown): string {
  if (typeof slug !== 'string' || slug === '') throw new Refusal(400, { slug: ['This field is required.'] })
  if (slug.length > 50)
    throw new Refusal(400, { slug: ['Ensure this field has no more than 50 characters.'] })
  if (/^\d+$/.test(slug) || !/^[a-z0-9_-]+$/.test(slug)) {
    const words =
      'Enter a valid slug consisting of lowercase letters, numbers, underscores or hyphens. It cannot be entirely numeric.'
    throw new Refusal(400, { slug: [words] })
  }
  return slug
}

/** `PUT` and `DELETE /teams/{org}/{slug}/`. */
export function teamKeepingRoutes(app: FastifyInstance, state: SentryState): void {
  const teamOfPath = (slug: string): SimTeam => {
    const team = state.teams.get(slug)
    if (!team) throw notFound()
    if (team.idpProvisioned) throw says(403, managedTeam)
    return team
  }

  app.put<{ Params: Params; Body: { slug?: unknown; name?: string } }>('/:slug/', async (request) => {
    demand(actorOf(request, state), 'team:write', 'team:admin')
    const team = teamOfPath(request.params.slug)
    const slug = checkedSlug(request.body.slug)
    if (slug !== team.slug && state.teams.has(slug)) {
      throw new Refusal(400, { slug: [`The slug "${slug}" is already in use.`] })
    }
    return teamOf(renameTeam(state, team, slug, request.body.name), state)
  })

  app.delete<{ Params: Params }>('/:slug/', async (request, reply) => {
    demand(actorOf(request, state), 'team:admin')
    removeTeam(state, teamOfPath(request.params.slug))
    return reply.code(204).send()
  })
}

/** `GET /teams/{org}/{slug}/members/`: whoever has accepted. */
export function teamMemberRoutes(
  app: FastifyInstance,
  state: SentryState,
  present: Presenter,
  options: SentryOptions,
): void {
  app.get<{ Params: Params }>('/:slug/members/', async (request, reply) => {
    demand(actorOf(request, state), 'team:read', 'team:write', 'team:admin')
    if (!state.teams.has(request.params.slug)) throw notFound()
    const accepted = [...state.members.values()].filter(
      (each) => each.teams.has(request.params.slug) && !isPending(each),
    )
    return page(accepted, request, reply, options.pageSize ?? 100).map(present.row)
  })
}

const managedTeam = "This team is managed through your organization's identity provider."

function subjects(
  { id, slug }: Params,
  state: SentryState,
  actor: Actor,
): { member: SimMember; team: SimTeam } {
  const member = find(id, state, actor)
  const team = state.teams.get(slug)
  if (!team) throw notFound()
  return { member, team }
}

/** Who may put somebody into a team; everybody else only asks. */
function mayAdd(actor: Actor, { toggles }: SentryState): boolean {
  if (toggles.openMembership) return true
  return actor.token.kind === 'integration' ? actor.has('org:write', 'team:write') : isManager(actor.member)
}
