import { createHash } from 'node:crypto'
import Type from 'typebox'
import type { Static } from 'typebox'
import type { CommonSettings } from '../contract.ts'
import type { Call } from '../kit/http.ts'
import type { Limit } from '../kit/kit.ts'
import { shareOf } from '../kit/pacing.ts'
import type { DefaultSteps } from '../../model/policy.ts'

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

export const settings = Type.Object({
  baseUrl: Type.String({
    description:
      'Address of the management console; every tenant has its own, such as https://acme.sentinelone.net.',
  }),
  account: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Account to work in, by name or id. Without it, the one that the token reaches.',
    }),
  ),
  sites: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description:
        'Sites meant by rules without a scope, by name or id. Without it, the account. In the guide profile by id.',
    }),
  ),
  quarantineRole: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'Role without permissions, by name or id, that people keep when every other role is taken away.',
    }),
  ),
  onboarding: Type.Optional(
    Type.Boolean({
      default: true,
      description:
        'Whether the console mails invitations to new users. Without them a random password is set, never kept.',
    }),
  ),
})

export const credentials = Type.Object({
  apiToken: Type.String({
    minLength: 1,
    description: 'API token, best of a service user; the console shows it once.',
  }),
})

export type SentineloneSettings = Omit<Static<typeof settings>, 'baseUrl'> & CommonSettings

/** Without a role to strip down to, only removal ends the access. */
export function defaultSteps({ quarantineRole }: Readonly<Record<string, unknown>>): DefaultSteps {
  return { inactive: quarantineRole === undefined ? ['remove'] : ['strip'], deleted: ['remove'] }
}
