import type { SimTeam, SentryState } from './state.ts'

/** Members stay in it under its new slug. */
export function renameTeam(
  { teams, members }: Pick<SentryState, 'teams' | 'members'>,
  { slug: before, ...rest }: SimTeam,
  slug: string,
  name: string = rest.name,
): SimTeam {
  const team = { ...rest, slug, name }
  teams.delete(before)
  teams.set(slug, team)
  for (const member of members.values()) {
    const role = member.teams.get(before)
    if (role === undefined || !member.teams.delete(before)) continue
    member.teams.set(slug, role)
  }
  return team
}

/** Its slug is free at once. */
export function removeTeam(
  { teams, members }: Pick<SentryState, 'teams' | 'members'>,
  { slug }: Pick<SimTeam, 'slug'>,
): void {
  teams.delete(slug)
  for (const member of members.values()) member.teams.delete(slug)
}
