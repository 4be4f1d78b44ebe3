import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readGatewayFile } from '../admin/gateway-file.ts'
import { loadEnvironment } from '../config/environment.ts'
import type { Environment } from '../model/configuration.ts'
import { errorPage } from '../model/errors.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import type { CommandContext } from './command.ts'
import { type Endpoint, exchange } from './http.ts'

export interface Client {
  /** False where the store was opened here: there is no gateway that would follow at once. */
  readonly running: boolean
  /** The answer's JSON; undefined when it has none. Rejects with `CommandFailure` for every refusal. */
  call<T = unknown>(method: string, path: string, body?: unknown): Promise<T>
  /** Gives a streamed answer to `onText` as it comes. */
  stream(path: string, onText: (text: string) => void): Promise<void>
  /** All items of a list, page by page. */
  all<T>(path: string): Promise<readonly T[]>
  close(): Promise<void>
}

export interface ClientOptions {
  readonly url?: string
  /** The command can do without a gateway: it opens the store itself when none runs; `new`: also one that is not there yet. */
  readonly offline?: boolean | 'new'
}

/**
 * Finds the gateway: `--url` or DRAWBRIDGE_URL with DRAWBRIDGE_ADMIN_TOKEN; else the one that runs on the data directory,
 * which left its address and a secret there.
 */
export async function openClient(
  options: ClientOptions,
  { io: { env }, openOffline }: Pick<CommandContext, 'io' | 'openOffline'>,
): Promise<Client> {
  const loaded = loadEnvironment(env)
  if (!loaded.ok) {
    const words = loaded.problems.map(({ name, message }) => `${name} ${message}`).join('; ')
    throw new CommandFailure(exitCodes.usage, `The environment is not valid: ${words}.`)
  }
  const { environment } = loaded
  const named = options.url ?? env['DRAWBRIDGE_URL']?.trim()
  if (named) return clientOf(remote(named, environment), true)
  const local = readGatewayFile(environment.dataDir)
  if (environment.databaseUrl === undefined && local && (await answers(local)))
    return clientOf({ ...local, token: environment.adminToken ?? local.token }, true)
  if (!options.offline) throw noGateway(environment)
  if (options.offline !== 'new') requireStore(environment)
  const store = await openOffline(environment)
  return talk((method, path, body) => store.request(method, path, body), false, store.close)
}

function remote(url: string, { adminToken }: Environment): Endpoint {
  const parsed = URL.parse(url)
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol))
    throw new CommandFailure(
      exitCodes.usage,
      `${url} is not the address of a gateway: it must begin with http:// or https://.`,
    )
  if (parsed.protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(parsed.hostname))
    throw new CommandFailure(exitCodes.usage, 'A token is sent over https only, except to this machine.')
  if (adminToken === undefined)
    throw new CommandFailure(exitCodes.usage, 'Set DRAWBRIDGE_ADMIN_TOKEN to the token of an operator.')
  return { url, token: adminToken }
}

async function answers(local: Endpoint): Promise<boolean> {
  try {
    return (await exchange(local, 'GET', '/whoami', undefined)).status === 200
  } catch {
    return false
  }
}

/** A wrong directory shall not become a new store by a look into it. Rejects with `CommandFailure`. */
export function requireStore({ databaseUrl, dataDir }: Environment): void {
  if (databaseUrl !== undefined || existsSync(join(dataDir, 'postgres'))) return
  throw new CommandFailure(
    exitCodes.unreachable,
    `There is no store in ${resolve(dataDir)}, and no gateway is running there. Name the data directory with DRAWBRIDGE_DATA_DIR, or a gateway with --url; "drawbridge serve" and "drawbridge apply" create a store.`,
  )
}

function noGateway({ databaseUrl, dataDir }: Environment): CommandFailure {
  const how =
    databaseUrl === undefined
      ? `No gateway is running on the data directory ${dataDir}. Start one with "drawbridge serve", or name one`
      : 'With DATABASE_URL, the command line cannot tell where a gateway is running. Name it'
  return new CommandFailure(
    exitCodes.unreachable,
    `${how} with --url or DRAWBRIDGE_URL, and its token with DRAWBRIDGE_ADMIN_TOKEN.`,
  )
}

function clientOf(endpoint: Endpoint, running: boolean): Client {
  return talk(
    (method, path, body, onText) => exchange(endpoint, method, path, body, onText),
    running,
    async () => {},
  )
}

type Talk = (
  method: string,
  path: string,
  body: unknown,
  onText?: (text: string) => void,
) => Promise<{ readonly status: number; readonly text: string }>

function talk(send: Talk, running: boolean, close: () => Promise<void>): Client {
  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await send(method, path, body)
    if (status >= 200 && status < 300)
      return (text === '' || text === 'null' ? undefined : JSON.parse(text)) as T
    throw refusal(status, text)
  }
  return {
    running,
    call,
    async stream(path, onText) {
      const { status, text } = await send('GET', path, undefined, onText)
      if (status !== 200) throw refusal(status, text)
      // Without a gateway the answer comes whole.
      if (text !== '') onText(text)
    },
    async all<T>(path: string) {
      const items: T[] = []
      for (let after: string | undefined; ;) {
        const more =
          after === undefined ? '' : `${path.includes('?') ? '&' : '?'}after=${encodeURIComponent(after)}`
        const page = await call<{ items: T[]; next?: string }>('GET', path + more)
        items.push(...page.items)
        if (page.next === undefined) return items
        after = page.next
      }
    },
    close,
  }
}

const unknownToken =
  'The gateway refused the token in DRAWBRIDGE_ADMIN_TOKEN: it is wrong, expired or revoked.'

function refusal(status: number, text: string): CommandFailure {
  const code = status === 401 || status === 403 || status === 429 ? exitCodes.refused : exitCodes.failed
  try {
    const { type, detail, code: kind, requestId } = JSON.parse(text) as Record<string, string>
    const anchor = type?.startsWith(`${errorPage}#`) ? type.slice(errorPage.length + 1) : undefined
    const see = anchor === undefined ? undefined : `drawbridge errors ${anchor}`
    const words = status === 401 ? unknownToken : detail
    return new CommandFailure(code, `${words} (${kind}, request ${requestId})`, see)
  } catch {
    return new CommandFailure(
      exitCodes.failed,
      `What answered with status ${status} is no Drawbridge gateway: check the address.`,
    )
  }
}
