import { type Actor, rankOf, Refusal } from './access.ts'
import { isPending, type SentryState } from './state.ts'

export interface InvitationBody {
  readonly email?: unknown
  readonly role?: string
  readonly orgRole?: string
  readonly teams?: readonly string[]
  readonly teamRoles?: readonly TeamRoleBody[]
  readonly sendInvite?: boolean
}

export interface UpdateBody extends InvitationBody {
  readonly reinvite?: boolean
  readonly regenerate?: boolean
}

interface TeamRoleBody {
  readonly teamSlug: string
  readonly role: string | null
}

interface Draft {
  readonly email: string
  readonly orgRole: string
  readonly teams: readonly string[]
  readonly sendInvite: boolean
}

/** Checks an invitation field by field, in the order that Sentry reports them. */
export function draftOf(body: InvitationBody, state: SentryState, actor: Actor, isGuide: boolean): Draft {
  if (!state.toggles.invitesAllowed) {
    throw new Refusal(403, { organization: 'Your organization is not allowed to invite members' })
  }
  const orgRole = roleIn(body, isGuide) ?? 'member'
  if (actor.token.kind === 'integration' && orgRole !== 'member') {
    const words = 'Integration tokens are restricted to inviting new members with the member role only.'
    throw new Refusal(400, [words])
  }
  const email = checkEmail(body.email, state)
  checkRole(orgRole, roleField(body, isGuide), [...actor.allowedRoles, 'member'], state.toggles.teamRoles)
  const teams = invitedTo(body, state, isGuide)
  if (orgRole === 'billing' && teams.length > 0) {
    throw new Refusal(400, { email: "The user with a 'billing' role cannot have team-level permissions." })
  }
  return { email, orgRole, teams, sendInvite: isGuide || (body.sendInvite ?? true) }
}

function invitedTo(body: InvitationBody, state: SentryState, isGuide: boolean): readonly string[] {
  const named = isGuide ? undefined : body.teamRoles?.map(({ teamSlug }) => teamSlug)
  return checkTeams(named ?? body.teams ?? [], named ? 'teamRoles' : 'teams', state)
}

function roleIn(body: InvitationBody, isGuide: boolean): string | undefined {
  return isGuide ? body.role : (body.orgRole ?? body.role)
}

function roleField(body: InvitationBody, isGuide: boolean): 'role' | 'orgRole' {
  return isGuide || body.orgRole === undefined ? 'role' : 'orgRole'
}

export interface Update {
  readonly orgRole: string | undefined
  /** Undefined when the update names no teams. */
  readonly teams: Map<string, string | null> | undefined
}

export function updateOf(body: UpdateBody, state: SentryState, actor: Actor, isGuide: boolean): Update {
  const orgRole = roleIn(body, isGuide)
  if (orgRole !== undefined) {
    // A role above one's own is refused later, in other words.
    checkRole(orgRole, roleField(body, isGuide), actor.member ? undefined : [], false)
  }
  if (body.teamRoles) {
    const unknown = body.teamRoles.some(({ role }) => ![null, 'contributor', 'admin'].includes(role))
    if (unknown) throw new Refusal(400, { teamRoles: ['Invalid team-role'] })
    checkTeams(
      body.teamRoles.map(({ teamSlug }) => teamSlug),
      'teamRoles',
      state,
    )
    return { orgRole, teams: new Map(body.teamRoles.map(({ teamSlug, role }) => [teamSlug, role])) }
  }
  const teams = body.teams && checkTeams(body.teams, 'teams', state)
  return { orgRole, teams: teams && new Map(teams.map((slug) => [slug, null])) }
}

function checkEmail(email: unknown, state: SentryState): string {
  if (typeof email !== 'string' || email === '')
    throw new Refusal(400, { email: ['This field is required.'] })
  if (email.length > 75) {
    throw new Refusal(400, { email: ['Ensure this field has no more than 75 characters.'] })
  }
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new Refusal(400, { email: ['Enter a valid email address.'] })
  // Invitations are compared in their spelling, users in any.
  const same = [...state.members.values()].find((member) =>
    isPending(member)
      ? member.email === email
      : [member.email, ...member.emails].some((own) => own.toLowerCase() === email.toLowerCase()),
  )
  if (!same) return email
  const words = isPending(same)
    ? `The user ${email} has already been invited`
    : `The user ${email} is already a member`
  throw new Refusal(400, { email: [words] })
}

function checkRole(
  role: string,
  field: string,
  allowed: readonly string[] | undefined,
  adminIsRetired: boolean,
): void {
  if (rankOf(role) < 0) throw new Refusal(400, { [field]: [`"${role}" is not a valid choice.`] })
  if (allowed && !allowed.includes(role)) {
    throw new Refusal(400, { [field]: ['You do not have permission to set that org-level role'] })
  }
  if (role === 'admin' && adminIsRetired) {
    throw new Refusal(400, { [field]: ["The role 'admin' is deprecated and may no longer be assigned."] })
  }
}

function checkTeams(slugs: readonly string[], field: string, { teams }: SentryState): readonly string[] {
  if (slugs.some((slug) => !teams.has(slug))) throw new Refusal(400, { [field]: ['Invalid teams'] })
  return slugs
}
