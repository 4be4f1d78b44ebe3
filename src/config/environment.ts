import { existsSync, readFileSync } from 'node:fs'
import type { Environment } from '../model/configuration.ts'
import { masterKeyForm, parseMasterKeys } from '../secrets/keys.ts'
import { checkBaseUrl } from './base-url.ts'
import { isWeakSecret, strongSecret } from './weak-secret.ts'
import type { Variables } from './file.ts'

const address = /^[^\s@<>,;:"()[\]\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/

/** E-mail addresses of a comma list; undefined when it has none, or something else. */
function addressesOf(text: string): readonly string[] | undefined {
  const all = text.split(',').map((each) => each.trim())
  return all.every((each) => address.test(each)) ? all : undefined
}

/** An address, or `Name <address>`; nothing that could begin another header. */
function isMailbox(text: string): boolean {
  const [, named] = /^[^<>"\p{Cc}]*<([^<>]+)>$/u.exec(text) ?? []
  return address.test(named ?? text)
}

function isSmtpUrl(text: string): boolean {
  const url = URL.parse(text)
  if (!url || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') return false
  const decodes = [url.username, url.password].every((part) => decoded(part) !== undefined)
  return decodes && !url.search && !url.hash && ['', '/'].includes(url.pathname)
}

/** `name=value` pairs of a comma list, values with percent encoding (W3C Baggage); undefined when it is something else. */
function pairsOf(text: string): Readonly<Record<string, string>> | undefined {
  const pairs: Record<string, string> = {}
  for (const part of text.split(',').filter((each) => each.trim() !== '')) {
    const [, name, value = ''] = /^\s*([\w-]+)\s*=\s*([\x21-\x7e ]*?)\s*$/.exec(part) ?? []
    const plain = decoded(value)
    if (name === undefined || plain === undefined || /\p{Cc}/u.test(plain)) return undefined
    pairs[name] = plain
  }
  return pairs
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Something wrong with an environment variable. `message` never holds its value. */
interface EnvironmentProblem {
  readonly name: string
  readonly message: string
}

export type LoadedEnvironment =
  | { readonly ok: true; readonly environment: Environment }
  | { readonly ok: false; readonly problems: readonly EnvironmentProblem[] }

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

interface Reader {
  /** What must be written, in words. */
  readonly expects: string
  readonly fits: (text: string, env: Variables) => boolean
}

/** Every process setting that this release reads; docs/configuration.md shows the same table. */
const readers = {
  HOST: { expects: 'a host name or an address', fits: (text) => /^[A-Za-z0-9._:-]+$/.test(text) },
  PORT: {
    expects: 'a port between 0 and 65535',
    fits: (text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535,
  },
  PUBLIC_URL: { expects: 'an http or https URL without query', fits: isWebUrl },
  TLS_CERT: { expects: 'the path of a certificate file (PEM) that exists', fits: existsSync },
  TLS_KEY: { expects: 'the path of a key file (PEM) that exists', fits: existsSync },
  TRUST_PROXY: {
    expects: 'true, false, or a comma list of proxy addresses',
    fits: (text) => /^(true|false)$/.test(text) || /^[0-9A-Fa-f.:/]+(\s*,\s*[0-9A-Fa-f.:/]+)*$/.test(text),
  },
  DATABASE_URL: {
    expects: 'a postgresql:// URL',
    fits: (text) => /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? ''),
  },
  DRAWBRIDGE_DATA_DIR: { expects: 'a path', fits: () => true },
  DRAWBRIDGE_INSECURE_TARGETS: {
    expects: 'a comma list of host or host:port',
    fits: (text) =>
      listOf(text).every((each) => /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/.test(each)),
  },
  VENDOR_PROXY: {
    expects: 'an http or https URL of a proxy',
    fits: (text) => ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? ''),
  },
  NOTICE_WEBHOOK_URL: {
    expects: 'an https URL of a public host, or one that DRAWBRIDGE_INSECURE_TARGETS names',
    fits: (text, env) => isReachable(text, insecureTargetsOf(env)),
  },
  NOTICE_WEBHOOK_SECRET: { expects: strongSecret, fits: (text) => !isWeakSecret(text) },
  NOTICE_EMAIL_TO: {
    expects: 'a comma list of e-mail addresses',
    fits: (text) => addressesOf(text) !== undefined,
  },
  NOTICE_EMAIL_FROM: { expects: 'an e-mail address, or Name <address>', fits: isMailbox },
  NOTICE_SMTP_URL: {
    expects: 'smtp://host:port or smtps://host:port, with user:password@ if needed',
    fits: isSmtpUrl,
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: { expects: 'an http or https URL without query', fits: isWebUrl },
  OTEL_EXPORTER_OTLP_HEADERS: {
    expects: 'a comma list of name=value',
    fits: (text) => pairsOf(text) !== undefined,
  },
  OTEL_SERVICE_NAME: { expects: 'a name', fits: () => true },
  DRAWBRIDGE_ADMIN_TOKEN: {
    expects: `${strongSecret}, without spaces`,
    fits: (text) => !/\s/.test(text) && !isWeakSecret(text),
  },
  DRAWBRIDGE_MASTER_KEY: { expects: masterKeyForm, fits: (text) => 'keys' in masterKeysOf(text) },
  AUDIT_WEBHOOK_URL: {
    expects: 'an https URL of a public host, or one that DRAWBRIDGE_INSECURE_TARGETS names',
    fits: (text, env) => isReachable(text, insecureTargetsOf(env)),
  },
  AUDIT_WEBHOOK_SECRET: { expects: strongSecret, fits: (text) => !isWeakSecret(text) },
  AUDIT_SYSLOG: {
    expects: 'tcp://host:port or tls://host:port',
    fits: (text) => /^(tcp|tls):\/\/[^/?#@\s]+$/.test(text) && URL.canParse(text),
  },
  AUDIT_RETENTION_DAYS: {
    expects: 'a number of days, at least 30',
    fits: (text) => /^\d{2,5}$/.test(text) && Number(text) >= 30,
  },
  SCIM_REQUESTS_PER_SECOND: {
    expects: 'a number of requests from 25 to 1000000',
    fits: (text) => isNumberIn(text, 25, 1_000_000),
  },
  DIRECTORY_QUOTA_MB: {
    expects: 'a number of megabytes from 16 to 100000000',
    fits: (text) => isNumberIn(text, 16, 100_000_000),
  },
  METRICS_TOKEN: { expects: strongSecret, fits: (text) => !isWeakSecret(text) },
  LOG_LEVEL: {
    expects: `one of ${logLevels.join(', ')}`,
    fits: (text) => logLevels.some((level) => level === text),
  },
} as const satisfies Record<string, Reader>

type Name = keyof typeof readers

/** Settings that mean nothing without each other. */
const together = [
  ['TLS_CERT', 'TLS_KEY'],
  ['NOTICE_WEBHOOK_URL', 'NOTICE_WEBHOOK_SECRET'],
  ['AUDIT_WEBHOOK_URL', 'AUDIT_WEBHOOK_SECRET'],
  ['NOTICE_EMAIL_TO', 'NOTICE_EMAIL_FROM', 'NOTICE_SMTP_URL'],
] as const satisfies readonly (readonly Name[])[]

/** Process settings from the environment; an empty variable counts as absent, and all problems are reported at once. */
export function loadEnvironment(env: Variables): LoadedEnvironment {
  const given = (name: Name) => env[name]?.trim() || undefined
  const problems: EnvironmentProblem[] = Object.entries(readers).flatMap(
    ([name, { expects, fits }]: [string, Reader]) => {
      const text = given(name as keyof typeof readers)
      return text === undefined || fits(text, env) ? [] : [{ name, message: `must be ${expects}` }]
    },
  )
  problems.push(...incomplete(given))
  if (problems.length > 0) return { ok: false, problems }

  return {
    ok: true,
    environment: Object.freeze({
      host: given('HOST') ?? '127.0.0.1',
      port: Number(given('PORT') ?? 8080),
      trustProxy: trustProxyOf(given('TRUST_PROXY')),
      dataDir: given('DRAWBRIDGE_DATA_DIR') ?? './.drawbridge',
      insecureTargets: insecureTargetsOf(env),
      logLevel: (given('LOG_LEVEL') ?? 'info') as Environment['logLevel'],
      ...known({
        publicUrl: given('PUBLIC_URL')?.replace(/\/+$/, ''),
        databaseUrl: given('DATABASE_URL'),
        vendorProxy: given('VENDOR_PROXY'),
        metricsToken: given('METRICS_TOKEN'),
        adminToken: given('DRAWBRIDGE_ADMIN_TOKEN'),
        auditSyslog: given('AUDIT_SYSLOG'),
        scimRequestsPerSecond: numberOf(given('SCIM_REQUESTS_PER_SECOND')),
        directoryQuotaMb: numberOf(given('DIRECTORY_QUOTA_MB')),
        auditRetentionDays: numberOf(given('AUDIT_RETENTION_DAYS')),
      }),
      ...masterKeysIn(given('DRAWBRIDGE_MASTER_KEY')),
      ...inGroups(given),
    }),
  }
}

/** Settings that are made of several variables. */
function inGroups(given: (name: Name) => string | undefined) {
  const all = <T>(names: readonly Name[], of: (...values: string[]) => T): T | undefined => {
    const values = names.map(given)
    return values.every((value) => value !== undefined) ? of(...values) : undefined
  }
  return known({
    tls: all(together[0], (certFile = '', keyFile = '') => ({ certFile, keyFile })),
    noticeWebhook: all(together[1], (url = '', secret = '') => ({ url, secret })),
    auditWebhook: all(together[2], (url = '', secret = '') => ({ url, secret })),
    noticeMail: all(together[3], (to = '', from = '', smtpUrl = '') => {
      return { to: addressesOf(to) ?? [], from, smtpUrl }
    }),
    tracing: all(['OTEL_EXPORTER_OTLP_ENDPOINT'], (endpoint = '') => ({
      endpoint,
      headers: pairsOf(given('OTEL_EXPORTER_OTLP_HEADERS') ?? '') ?? {},
      serviceName: given('OTEL_SERVICE_NAME') ?? 'drawbridge',
    })),
  })
}

/** Without what is absent. */
function known<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

function incomplete(given: (name: Name) => string | undefined): readonly EnvironmentProblem[] {
  return together.flatMap((names) => {
    const missing = names.filter((name) => given(name) === undefined)
    if (missing.length === names.length) return []
    return missing.map((name) => ({ name, message: `is required: ${names.join(' and ')} go together` }))
  })
}

/** Hosts that may be plain http or private; lower case. */
export function insecureTargetsOf(env: Variables): readonly string[] {
  return listOf(env['DRAWBRIDGE_INSECURE_TARGETS'] ?? '').map((each) => each.toLowerCase())
}

function masterKeysOf(text: string): ReturnType<typeof parseMasterKeys> {
  return parseMasterKeys(text, (path) => readFileSync(path, 'utf8'))
}

function masterKeysIn(text = ''): Pick<Environment, 'masterKeys'> {
  const parsed = masterKeysOf(text)
  return 'keys' in parsed ? { masterKeys: parsed.keys } : {}
}

function isNumberIn(text: string, least: number, most: number): boolean {
  return /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}

function trustProxyOf(text: string | undefined): boolean | string {
  if (text === undefined || text === 'false') return false
  return text === 'true' ? true : text
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

function isReachable(text: string, insecureTargets: readonly string[]): boolean {
  const url = URL.parse(text)
  return url !== null && !url.username && 'origin' in checkBaseUrl(url.origin, insecureTargets)
}

function isWebUrl(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null && ['http:', 'https:'].includes(url.protocol) && !url.search && !url.hash && !url.username
  )
}
