import { createHash } from 'node:crypto'
import Type, { type TObject } from 'typebox'
import type { AnyVendor, Route, Target } from '../contract.ts'
import type { Authenticator } from '../kit/auth.ts'
import { byStatus, type Classifier, notFound } from '../kit/classify.ts'
import type { Reply, Requester } from '../kit/http.ts'
import type { Kit, Limit } from '../kit/kit.ts'
import { createPacing, shareOf } from '../kit/pacing.ts'
import { createRequester } from '../kit/requester.ts'
import { waitFrom } from '../kit/wait.ts'
import { leavesOf } from '../kit/words.ts'
import { valuesAt } from './fields.ts'
import type { AnyEndpointName, Endpoint, ErrorRule, RestVendor } from './model.ts'
import { createTarget } from './target.ts'
import { renderPath } from './template.ts'

const declarations = new WeakMap<object, RestVendor>()

/** What a vendor was made from; undefined for one that is written by hand. */
export const declarationOf = (vendor: object): RestVendor | undefined => declarations.get(vendor)

/** A vendor out of its declaration. */
export function defineRestVendor<S extends TObject, K extends TObject>(
  declared: RestVendor<S, K>,
): AnyVendor {
  const vendor: AnyVendor = {
    id: declared.id,
    name: declared.name,
    profiles: ['current'],
    settings: declared.settings,
    credentials: declared.credentials,
    scopes: declared.scopes,
    deprovision: declared.deprovision,
    capabilities: () => declared.can,
    routes: () => routesOf(declared),
    ...(declared.nativeScim && { nativeScim: declared.nativeScim }),
    connect: ({ settings, credentials }, kit) => connect(declared, settings, credentials, kit),
  }
  declarations.set(vendor, declared)
  return vendor
}

function connect(
  vendor: RestVendor,
  settings: Readonly<Record<string, unknown>>,
  credentials: Readonly<Record<string, string>>,
  kit: Kit,
): Target {
  const origin = String(settings['baseUrl'] ?? renderPath(vendor.origin ?? '', { settings }))
  const shared = { ...kit, pacing: kit.pacing ?? createPacing() }
  const options = {
    vendor: vendor.id,
    baseUrl: new URL(renderPath(vendor.base, { settings }), origin).href,
    auth: authenticatorOf(vendor, credentials),
    wait: waitFrom(...(vendor.waits ?? ['retry-after'])),
    ...(vendor.headers && { headers: vendor.headers }),
    ...(vendor.requestId && { requestId: vendor.requestId }),
    limits: limitsOf(vendor, credentials, settings['ratePercent'] as number | undefined),
  }
  const senders = new Map<AnyEndpointName, Requester>()
  return createTarget({
    vendor,
    settings,
    host: new URL(origin).host,
    senderOf(name) {
      const known = senders.get(name)
      if (known) return known
      const sender = createRequester({ ...options, classify: classifierOf(vendor.errors, name) }, shared)
      senders.set(name, sender)
      return sender
    },
  })
}

/** Headers with the credentials in them; they never change. */
function authenticatorOf({ auth }: RestVendor, credentials: Readonly<Record<string, string>>): Authenticator {
  // Mounted secrets end with a line break more often than not.
  const trimmed = Object.fromEntries(Object.entries(credentials).map(([name, value]) => [name, value.trim()]))
  const filled = Object.entries(auth).map(([name, template]): [string, string] => [
    name,
    template.replaceAll(/\{(\w{1,40})\}/g, (_, each: string) => trimmed[each] ?? ''),
  ])
  const headers = Object.fromEntries(filled)
  return {
    headers: async () => headers,
    renew: async () => false,
    secrets: () => Object.values(trimmed),
  }
}

function limitsOf(
  { id, limits = [] }: RestVendor,
  credentials: Readonly<Record<string, string>>,
  percent: number | undefined,
) {
  const counted = createHash('sha256').update(Object.values(credentials).join('\n')).digest('hex')
  const kept = limits.map(({ classes, ...figures }) => ({
    classes,
    limit: shareOf({ key: `${id} ${counted} ${classes?.join() ?? 'all'}`, ...figures }, percent),
  }))
  return ({ pathClass }: { readonly pathClass: string }): readonly Limit[] =>
    kept.filter(({ classes }) => classes?.includes(pathClass) ?? true).map(({ limit }) => limit)
}

/** The rules of a declaration, from the top; then the status. A rule that means `not-found` counts for 404 and 410 only. */
export function classifierOf(rules: readonly ErrorRule[], name: AnyEndpointName): Classifier {
  const concerned = rules.filter(({ of }) => of?.includes(name) ?? true)
  return (reply, call) => {
    const rule = concerned.find((each) => fitsRule(each, reply, call?.path))
    if (rule === undefined) return byStatus(reply, call)
    if (rule.means === 'done') return undefined
    if (rule.means !== 'not-found' || rule.text !== undefined) return rule.means
    return notFound(() => true)(reply) ?? byStatus(reply, call)
  }
}

function fitsRule({ status, text, says, naming, at, code }: ErrorRule, reply: Reply, path = ''): boolean {
  if (!(typeof status === 'number' ? [status] : status).includes(reply.status)) return false
  if (text !== undefined) return typeof reply.body === 'string' && reply.body.trim() === text
  if (!reply.readable) return false
  if (at !== undefined && code !== undefined && !valuesAt(reply.body, at.split('.')).includes(code))
    return false
  if (says === undefined) return true
  const said = leavesOf(reply.body).join('; ').toLowerCase()
  if (naming === 'path' && !idsIn(path).some((id) => said.includes(id.toLowerCase()))) return false
  return says.some((words) => said.includes(words.toLowerCase()))
}

/** What of a path can only be an id. */
const idsIn = (path: string): readonly string[] =>
  path.split('/').filter((part) => part.length > 7 && /\d/.test(part))

/** For the doctor, the contract suite and the vendor's page. Two endpoints of one route are one row. */
function routesOf({ endpoints, base }: RestVendor): readonly Route[] {
  const routes = Object.values<Endpoint>({ ...endpoints }).map(({ method, path, purpose }): Route => ({
    method,
    path: `/${`${base}${path}`.replace(/^\//, '')}`,
    purpose,
    ...(method === 'GET' ? {} : { writes: true }),
  }))
  const byRoute = Map.groupBy(routes, ({ method, path }) => `${method} ${path}`)
  return [...byRoute.values()].map((same) => ({
    ...same[0]!,
    purpose: [...new Set(same.map(({ purpose }) => purpose))].join('; '),
  }))
}

/** A secret that an operator types in. */
export const secret = (description: string) => Type.String({ minLength: 1, description })
