import Type, { type Static } from 'typebox'
import { People, Rows } from '../kit/shape.ts'

/** The fields that we rely on, and no others. Everything else may come and go. */
const nullableString = Type.Union([Type.String(), Type.Null()])

const User = Type.Object({
  name: Type.Optional(nullableString),
  email: Type.Optional(nullableString),
  emails: Type.Optional(Type.Array(Type.Object({ email: Type.String() }))),
  lastLogin: Type.Optional(nullableString),
  has2fa: Type.Optional(Type.Boolean()),
})

const TeamRoles = Type.Array(Type.Object({ teamSlug: Type.String(), role: Type.Optional(nullableString) }))

const common = {
  /** Of the membership; not the id of the user. */
  id: Type.String({ minLength: 1 }),
  email: Type.String(),
  name: Type.Optional(nullableString),
  pending: Type.Optional(Type.Boolean()),
  expired: Type.Optional(Type.Boolean()),
  /** Null while the invitation is not accepted. */
  user: Type.Optional(Type.Union([User, Type.Null()])),
  flags: Type.Optional(Type.Record(Type.String(), Type.Boolean())),
  dateCreated: Type.Optional(nullableString),
  inviterName: Type.Optional(nullableString),
  isOnlyOwner: Type.Optional(Type.Boolean()),
  teams: Type.Optional(Type.Array(Type.String())),
  teamRoles: Type.Optional(TeamRoles),
}

/** `orgRole`, or its older name `role`. */
export const Member = Type.Union([
  Type.Object({ ...common, orgRole: Type.String() }),
  Type.Object({ ...common, role: Type.String() }),
])
export type Member = Static<typeof Member>
export const Members = People(Member)

/** A member whose teams are told. Without them a change of role would wipe every team, so their absence is refused. */
export const MemberDetail = Type.Intersect([
  Member,
  Type.Union([Type.Object({ teamRoles: TeamRoles }), Type.Object({ teams: Type.Array(Type.String()) })]),
])

const OrganizationRole = Type.Object({
  id: Type.String({ minLength: 1 }),
  name: Type.String(),
  isRetired: Type.Optional(Type.Boolean()),
})
export type OrganizationRole = Static<typeof OrganizationRole>

export const Self = Type.Object({
  id: Type.String({ minLength: 1 }),
  orgRoleList: Type.Optional(Rows(OrganizationRole)),
})

/** Self-hosted servers have been seen to write the id as a number. */
export const Organization = Type.Object({ id: Type.Union([Type.String({ minLength: 1 }), Type.Integer()]) })

export const Team = Type.Object({
  slug: Type.String({ minLength: 1 }),
  name: Type.String(),
  dateCreated: Type.Optional(nullableString),
})
export type Team = Static<typeof Team>
export const Teams = Rows(Team)

/** `GET /api/0/`: what the token may do. */
export const Index = Type.Object({ auth: Type.Object({ scopes: Type.Array(Type.String()) }) })

export interface TeamRole {
  readonly teamSlug: string
  /** Null: whatever the organization role brings along. */
  readonly role: string | null
}

export function roleOf(member: Member): string {
  return 'orgRole' in member ? member.orgRole : member.role
}

export function teamRolesOf({ teamRoles, teams = [] }: Member): readonly TeamRole[] {
  if (!teamRoles) return teams.map((teamSlug) => ({ teamSlug, role: 'contributor' }))
  return teamRoles.map(({ teamSlug, role = 'contributor' }) => ({ teamSlug, role }))
}

/** An invitation that nobody accepted has no user behind it. */
export function isPending({ pending, user }: Member): boolean {
  return pending ?? user === null
}
