import { createHash } from 'node:crypto'
import type { Call } from '../kit/http.ts'
import type { Limit } from '../kit/kit.ts'
import { shareOf } from '../kit/pacing.ts'

/** Per API token, by class of paths. SentinelOne's Go SDK (ratelimit.go, 2026) says that it has them from the vendor. */
const published: Readonly<Record<string, Pick<Limit, 'requests' | 'perMs'>>> = {
  // Two a second with a burst of five: five in any 2.5 s are always allowed.
  user: { requests: 5, perMs: 2_500 },
  users: { requests: 40, perMs: 1_000 },
  rbac: { requests: 50, perMs: 1_000 },
  // A hundred a second, and ten at once.
  places: { requests: 10, perMs: 100 },
}

/** Connections that share a token share its limits. */
export function limitsOf(
  { apiToken }: { readonly apiToken: string },
  percent: number | undefined,
): (call: Call) => readonly Limit[] {
  const token = createHash('sha256').update(apiToken.trim()).digest('hex')
  const limits = new Map(
    Object.entries(published).map(([paths, limit]) => [
      paths,
      [shareOf({ key: `sentinelone ${paths} ${token}`, ...limit }, percent)],
    ]),
  )
  return ({ pathClass }) => limits.get(pathClass) ?? []
}
