import Type, { type Static } from 'typebox'
import type { CommonSettings, DefaultSteps } from '../contract.ts'

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
