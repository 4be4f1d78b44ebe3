import type { FastifyInstance } from 'fastify'
import { actorOf, type Actor, demand, isManager, notFound, rankOf, Refusal, says } from './access.ts'
import { matcherOf } from './search.ts'
import { page, type PageQuery } from './paging.ts'
import type { Presenter } from './present.ts'
import { draftOf, type InvitationBody, type UpdateBody, updateOf } from './validate.ts'
import { isPending, type SentryOptions, type SimMember, type SentryState } from './state.ts'

interface Params {
  readonly id: string
}

export function memberRoutes(
  app: FastifyInstance,
  state: SentryState,
  present: Presenter,
  options: SentryOptions,
): void {
  const isGuide = options.profile === 'guide'

  app.get('/members/', async (request, reply) => {
    demand(actorOf(request, state), 'member:read', 'member:write', 'member:admin')
    const { query } = request.query as PageQuery
    // The guide tells of no search.
    const isMeant = query && !isGuide ? matcherOf(query) : () => true
    const found = [...state.members.values()].filter(isMeant)
    return page(found, request, reply, options.pageSize ?? 100).map(present.row)
  })

  app.post<{ Body: InvitationBody }>('/members/', async (request, reply) => {
    const actor = actorOf(request, state)
    demand(actor, 'member:write', 'member:invite', 'member:admin')
    const draft = draftOf(request.body, state, actor, isGuide)
    const invitedToday = state.invitations.filter((email) => email === draft.email).length
    if (invitedToday >= state.toggles.invitesPerEmail) {
      throw says(429, 'You are being rate limited for too many invitations.')
    }
    // Only membership is taken from an invitation; a team role is not.
    const teams = new Map(draft.teams.map((slug) => [slug, null]))
    const member = state.addMember({
      ...draft,
      teams,
      pending: true,
      inviterName: actor.member?.name ?? null,
    })
    state.invitations.push(draft.email)
    if (draft.sendInvite) state.mails.push({ to: draft.email, kind: 'invitation' })
    return reply.code(201).send(present.row(member))
  })

  app.get<{ Params: Params }>('/members/:id/', async (request) => {
    const actor = actorOf(request, state)
    demand(actor, 'member:read', 'member:write', 'member:admin')
    return present.detail(find(request.params.id, state, actor), actor)
  })

  app.put<{ Params: Params; Body: UpdateBody }>('/members/:id/', async (request) => {
    const actor = actorOf(request, state)
    demand(actor, 'member:write', 'member:invite', 'member:admin')
    const member = find(request.params.id, state, actor)
    const update = updateOf(request.body, state, actor, isGuide)
    if (member.flags['partnership:restricted']) throw says(403, partnership)
    demand(actor, 'member:admin')
    if (request.body.reinvite && !isGuide)
      return present.detail(reinvited(member, request.body, state), actor)

    const role = update.orgRole ?? member.orgRole
    if (role === 'billing' && (update.teams?.size ?? member.teams.size) > 0) {
      throw says(400, "The user with a 'billing' role cannot have team-level permissions.")
    }
    // Teams that are not named are lost, also when no team is.
    member.teams = update.teams ?? new Map()
    if (role !== member.orgRole) changeRole(member, role, actor, state)
    return present.detail(member, actor)
  })

  app.delete<{ Params: Params }>('/members/:id/', async (request, reply) => {
    const actor = actorOf(request, state)
    demand(actor, 'member:read', 'member:write', 'member:admin')
    const member = find(request.params.id, state, actor)
    checkRemoval(member, actor, state)
    state.members.delete(member.id)
    return reply.code(204).send()
  })
}

const partnership =
  'This member is managed by an active partnership and cannot be modified until the end of the partnership.'

export function find(id: string, state: SentryState, actor: Actor): SimMember {
  const member = id === 'me' ? actor.member : state.members.get(id)
  if (!member) throw notFound()
  return member
}

function changeRole(member: SimMember, role: string, actor: Actor, state: SentryState): void {
  if (!actor.allowedRoles.includes(role)) {
    throw new Refusal(403, { role: 'You do not have permission to assign the given role.' })
  }
  if (!actor.allowedRoles.includes(member.orgRole)) {
    throw new Refusal(403, { role: 'You do not have permission to assign a role to the given user.' })
  }
  if (actor.member === member) throw says(400, 'You cannot make changes to your own role.')
  if (role === 'admin' && state.toggles.teamRoles) {
    throw says(400, "The role 'admin' is deprecated and may no longer be assigned.")
  }
  member.orgRole = role
}

function checkRemoval(member: SimMember, actor: Actor, state: SentryState): void {
  if (!actor.member) throw says(400, 'You cannot remove a member who has more access than you.')
  if (actor.member !== member) {
    if (!actor.has('member:admin')) throw says(400, 'You are missing the member:admin scope.')
    if (rankOf(actor.member.orgRole) < rankOf(member.orgRole)) {
      throw says(400, 'You cannot remove a member who has more access than you.')
    }
  }
  const writers = [...state.members.values()].filter((each) => isManager(each) && !isPending(each))
  if (writers.length === 1 && writers[0] === member) {
    throw says(403, 'You cannot remove the only remaining owner or manager of the organization.')
  }
  if (member.flags['idp:provisioned']) {
    throw says(403, "This user is managed through your organization's identity provider.")
  }
  if (member.flags['partnership:restricted']) throw says(403, partnership)
}

function reinvited(member: SimMember, { regenerate }: UpdateBody, state: SentryState): SimMember {
  if (!isPending(member)) {
    throw says(400, 'You cannot send an invitation to a user who is already a full member.')
  }
  if (member.expired && !regenerate) {
    throw says(400, 'You cannot resend an expired invitation without regenerating the token.')
  }
  member.expired = false
  state.mails.push({ to: member.email, kind: 'invitation' })
  return member
}
