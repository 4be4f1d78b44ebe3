import { type Actor, ranks } from './access.ts'
import { isPending, type SimMember, type SimTeam, type SentryState } from './state.ts'

const noFlags = {
  'idp:provisioned': false,
  'idp:role-restricted': false,
  'sso:linked': false,
  'sso:invalid': false,
  'member-limit:restricted': false,
  'partnership:restricted': false,
}

/** How a member is written. The guide's table knows fewer fields than the vendor answers today. */
export interface Presenter {
  row(member: SimMember): Record<string, unknown>
  detail(member: SimMember, actor: Actor): Record<string, unknown>
}

export const guide: Presenter = {
  row: (member) => ({
    id: member.id,
    email: member.email,
    role: member.orgRole,
    pending: isPending(member),
    expired: member.expired,
    user: isPending(member) ? null : { id: member.userId, name: member.name, email: member.email },
    inviterName: member.inviterName,
    dateCreated: member.dateCreated,
    flags: { ...noFlags, ...member.flags },
  }),
  detail: (member) => ({ ...guide.row(member), teamRoles: teamRolesOf(member), projects: [] }),
}

export function current(state: SentryState): Presenter {
  const row = (member: SimMember) => ({
    ...guide.row(member),
    orgRole: member.orgRole,
    roleName: nameOf(member.orgRole),
    name: member.name,
    user: userOf(member),
    inviteStatus: 'approved',
    externalUsers: [],
    fieldOfTomorrow: { unheard: ['of'] },
  })
  return {
    row,
    detail: (member, actor) => ({
      ...row(member),
      teams: [...member.teams.keys()],
      teamRoles: teamRolesOf(member),
      isOnlyOwner: isOnlyOwner(member, state),
      orgRoleList: ranks.map((id) => ({
        id,
        name: nameOf(id),
        isAllowed: actor.allowedRoles.includes(id),
        isRetired: id === 'admin' && state.toggles.teamRoles,
      })),
      teamRoleList: [
        { id: 'contributor', name: 'Contributor' },
        { id: 'admin', name: 'Team Admin' },
      ],
      ...(isPending(member)
        ? { invite_link: `https://sentry.example/accept/${member.id}/5ecret1nv1te/` }
        : {}),
    }),
  }
}

export function teamOf(
  { id, slug, name, dateCreated }: SimTeam,
  state: SentryState,
): Record<string, unknown> {
  const memberCount = [...state.members.values()].filter((member) => member.teams.has(slug)).length
  return { id, slug, name, memberCount, dateCreated }
}

function isOnlyOwner({ id, orgRole }: SimMember, { members }: SentryState): boolean {
  const others = [...members.values()].filter((other) => other.id !== id && other.orgRole === 'owner')
  return orgRole === 'owner' && others.every(isPending)
}

function teamRolesOf({ teams }: SimMember) {
  return [...teams].map(([teamSlug, role]) => ({ teamSlug, role }))
}

function userOf(member: SimMember): Record<string, unknown> | null {
  if (isPending(member)) return null
  return {
    id: member.userId,
    name: member.name,
    username: member.email,
    email: member.email,
    emails: [member.email, ...member.emails].map((email, id) => ({
      id: String(id),
      email,
      is_verified: true,
    })),
    isActive: true,
    isSuspended: false,
    lastLogin: member.lastLogin,
    has2fa: member.has2fa,
  }
}

function nameOf(role: string): string {
  return role.charAt(0).toUpperCase() + role.slice(1)
}
