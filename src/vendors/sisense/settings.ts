import { createHash } from 'node:crypto'
import Type from 'typebox'
import type { Static } from 'typebox'
import type { CommonSettings } from '../contract.ts'
import type { Limit } from '../kit/kit.ts'
import { shareOf } from '../kit/pacing.ts'

/** How many calls a connection makes; `limits` are kept over all connections with the same credentials. */
export interface Pace {
  readonly perSecond: number
  readonly atOnce: number
  readonly limits: readonly Limit[]
}

/** Sisense publishes no limit and tells none in headers, so a connection keeps few calls in flight. */
const atOnce = 4
/** What four at once come to when each takes 80 ms. */
const usualPerSecond = 50

/** The figure is the connection's own, so all of it is used unless `ratePercent` says otherwise. */
export function paceOf(
  { baseUrl, requestsPerSecond = usualPerSecond, ratePercent = 100 }: SisenseSettings,
  { apiToken, username = '' }: SisenseCredentials,
): Pace {
  const { host } = new URL(baseUrl)
  const credential = createHash('sha256')
    .update(apiToken?.trim() ?? username)
    .digest('hex')
  const key = `sisense ${host} ${credential}`
  const limit = shareOf({ key, requests: requestsPerSecond, perMs: 1_000 }, ratePercent)
  return { perSecond: limit.requests, atOnce, limits: [limit] }
}

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
