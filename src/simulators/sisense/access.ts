import type { FastifyInstance, FastifyRequest } from 'fastify'
import { notAdmin, Refusal } from './answers.ts'
import { simulatedPassword } from './state/seed.ts'
import type { SimUser } from './model.ts'
import type { SisenseState } from './state/state.ts'
import type { Toggles } from './state/toggles.ts'

const simulatedUserName = 'drawbridge'

const loginPath = '/authentication/login'

/** What does not change the instance: reads, and the login. The forced logout is a GET that does. */
export function isReading({ method, path }: { readonly method: string; readonly path: string }): boolean {
  if (path.endsWith(loginPath)) return true
  if (/\/authentication\/(admin\/|logout)/.test(path)) return false
  return method === 'GET' || method === 'HEAD'
}

/** The user behind a request's token. */
export function actorOf(request: FastifyRequest, state: SisenseState): SimUser {
  const secret = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  const token = state.tokens.get(secret)
  const user = token && token.endsAt > state.now() ? state.users.get(token.userId) : undefined
  if (!user) throw new Refusal(401, 0, 'Invalid or expired token')
  return user
}

export function isAdmin({ roleId }: SimUser, { roles }: SisenseState): boolean {
  const name = roles.find(({ _id }) => _id === roleId)?.name ?? ''
  return ['super', 'admin'].includes(name.toLowerCase())
}

export function demandAdmin(request: FastifyRequest, state: SisenseState): SimUser {
  const actor = actorOf(request, state)
  if (!isAdmin(actor, state)) throw notAdmin()
  return actor
}

/** Logins and logouts. */
export function authentication(app: FastifyInstance, state: SisenseState): void {
  const { toggles, users, tokens, badLogins, now } = state

  app.post(loginPath, async (request, reply) => {
    demandEncoding(request.headers['content-type'] ?? '', toggles)
    const { username = '', password } = (request.body ?? {}) as Partial<Record<string, string>>
    const user = [...users.values()].find((each) => [each.userName, each.email].includes(username))
    const bad = badLogins.get(username) ?? 0
    if (!user || bad >= toggles.lockoutAfter || user.password !== password || !user.active) {
      badLogins.set(username, bad + 1)
      if (toggles.softRefusal) return { success: false, message: 'Invalid credentials' }
      throw new Refusal(401, 0, 'Invalid username or password')
    }
    badLogins.delete(username)
    user.lastLogin = new Date(now()).toISOString()
    const token = state.addToken(user._id, 'login', now() + toggles.tokenSeconds * 1000)
    if (state.profile === 'guide') return { access_token: token, token_type: 'bearer' }
    return reply.send({
      success: true,
      message: 'Logged in',
      access_token: token,
      profile: { _id: user._id },
    })
  })

  if (state.profile === 'guide') return
  app.get('/authentication/admin/logout', async (request, reply) => {
    demandAdmin(request, state)
    if (!toggles.forcedLogout) throw new Refusal(404, 0, 'Not found')
    const ids = String((request.query as { readonly users?: string }).users ?? '').split(',')
    for (const [secret, { userId }] of tokens) if (ids.includes(userId)) tokens.delete(secret)
    return reply.code(204).send()
  })
}

function demandEncoding(contentType: string, { loginEncoding }: Toggles): void {
  const isForm = contentType.startsWith('application/x-www-form-urlencoded')
  if (loginEncoding === 'both' || (loginEncoding === 'form') === isForm) return
  throw new Refusal(415, 0, 'Unsupported Media Type')
}

/** Login names and the password of the gateway's own user. */
export const simulatedLogin = { username: simulatedUserName, password: simulatedPassword }
