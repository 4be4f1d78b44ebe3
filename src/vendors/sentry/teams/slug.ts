const longest = 50

/**
 * A team is known by its slug: small letters, digits, `-` and `_`, at most 50, and not digits alone (docs.sentry.io, Create a
 * New Team). Undefined for a name that has none of them.
 */
export function slugOf(name: string): string | undefined {
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
