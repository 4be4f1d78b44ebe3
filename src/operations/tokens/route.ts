import { Type } from 'typebox'
import type { Sql } from '../../store/sql/statement.ts'
import { createToken, revokeToken, rotateToken, type TokenDraft, tokens } from './store.ts'
import { notFound, Problem } from '../../admin/problem.ts'
import { route, type Route } from '../../admin/route.ts'
import { expiryAfter, newSecret } from '../../admin/authentication.ts'
import { closed, id, secretSummary, listOf, name } from '../../admin/shapes.ts'

const token = Type.Object({ ...secretSummary, source: Type.String() })

const shownOnce = Type.Object({
  ...token.properties,
  secret: Type.String({ description: 'Shown now and never again: only its SHA-256 is stored.' }),
})

const ofDirectory = closed({ directory: name })
const one = closed({ directory: name, token: id })
export const lifetime = Type.Optional(
  Type.Integer({
    minimum: 60,
    maximum: 315_360_000,
    description: 'Seconds until it expires; without it, it does not expire.',
  }),
)

interface Deps {
  readonly db: Sql
  /** A change of tokens is believed by this process at once. */
  readonly forgetTokens: () => void
}

/** Tokens of identity providers. */
export function tokenRoutes(deps: Deps): readonly Route[] {
  return [...listing(deps.db), ...ending(deps)]
}

function listing(db: Sql): readonly Route[] {
  return [
    route({
      id: 'listTokens',
      method: 'GET',
      path: '/directories/:directory/tokens',
      tag: 'tokens',
      role: 'viewer',
      summary: 'SCIM tokens of a directory: hint, expiry, last use.',
      params: ofDirectory,
      answer: listOf(token),
      async run({ params }) {
        const found = await tokens(db, params.directory)
        if (!found) throw notFound('directory')
        return { items: [...found] }
      },
    }),
    route({
      id: 'createToken',
      method: 'POST',
      path: '/directories/:directory/tokens',
      tag: 'tokens',
      role: 'admin',
      summary: 'Creates a SCIM token; its secret is in this answer only.',
      params: ofDirectory,
      body: closed({ name, expiresInSeconds: lifetime }),
      answer: shownOnce,
      status: 201,
      async run({ params, body, actor }) {
        const draft = draftOf(body.name, body.expiresInSeconds)
        const made = await createToken(db, params.directory, draft, actor)
        if (!made) throw notFound('directory')
        return { ...made, secret: draft.secret }
      },
    }),
  ]
}

function ending({ db, forgetTokens }: Deps): readonly Route[] {
  return [
    route({
      id: 'rotateToken',
      method: 'POST',
      path: '/directories/:directory/tokens/:token/rotate',
      tag: 'tokens',
      role: 'admin',
      summary: 'Creates a new secret under the same name; the old one stays valid for the overlap.',
      params: one,
      body: closed({
        overlapSeconds: Type.Integer({ minimum: 0, maximum: 2_592_000, default: 86_400 }),
        expiresInSeconds: lifetime,
      }),
      answer: shownOnce,
      status: 201,
      async run({ params, body, actor }) {
        const { secret, expiresAt } = draftOf('', body.expiresInSeconds)
        const next = {
          secret,
          overlapMs: body.overlapSeconds * 1_000,
          ...(expiresAt === undefined ? {} : { expiresAt }),
        }
        const made = await rotateToken(db, params.directory, params.token, next, actor)
        forgetTokens()
        if (!made) throw new Problem(404, 'not-found', 'There is no such live token in this directory.')
        return { ...made, secret }
      },
    }),
    route({
      id: 'revokeToken',
      method: 'DELETE',
      path: '/directories/:directory/tokens/:token',
      tag: 'tokens',
      role: 'admin',
      summary: 'Revokes a SCIM token at once.',
      params: one,
      async run({ params, actor }) {
        const revoked = await revokeToken(db, params.directory, params.token, actor)
        forgetTokens()
        if (!revoked) throw notFound('live token')
        return null
      },
    }),
  ]
}

export function draftOf(
  named: string,
  seconds: number | undefined,
  kind: 'scim' | 'operator' = 'scim',
): TokenDraft {
  const expiresAt = expiryAfter(seconds)
  return { name: named, secret: newSecret(kind), ...(expiresAt === undefined ? {} : { expiresAt }) }
}
