import Type, { type Static } from 'typebox'
import type { CommonSettings } from '../contract.ts'

export const settings = Type.Object({
  baseUrl: Type.String({ description: 'Origin of the Sisense instance.' }),
  createVia: Type.Optional(
    Type.Enum(['v1', 'v09'], {
      default: 'v1',
      description:
        'API that makes users: v1 mails an activation link; v09 sets a random password and mails nobody.',
    }),
  ),
  sso: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'Everybody comes by single sign-on: users are made without a password.',
    }),
  ),
  requestsPerSecond: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 50,
      description: 'Most calls a second; Sisense publishes no limit. Never more than four at once.',
    }),
  ),
})

/** A token, or the name and password of an administrator; the token counts when both are given. */
export const credentials = Type.Object(
  {
    apiToken: Type.Optional(Type.String({ minLength: 1, description: 'API token of an administrator.' })),
    username: Type.Optional(
      Type.String({ minLength: 1, description: 'User name or e-mail address of an administrator.' }),
    ),
    password: Type.Optional(Type.String({ minLength: 1, description: 'Password of that administrator.' })),
  },
  { anyOf: [{ required: ['apiToken'] }, { required: ['username', 'password'] }] },
)

export type SisenseSettings = Static<typeof settings> & CommonSettings
export type SisenseCredentials = Static<typeof credentials>
