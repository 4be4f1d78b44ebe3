import { existsSync } from 'node:fs'
import { checkBaseUrl } from './base-url.ts'
import type { Environment } from './model.ts'
import type { Variables } from './file/references.ts'

/** Something wrong with an environment variable. `message` never holds its value. */
export interface EnvironmentProblem {
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
  NOTICE_WEBHOOK_URL: {
    expects: 'an https URL of a public host, or one that DRAWBRIDGE_INSECURE_TARGETS names',
    fits: (text, env) => isReachable(text, insecureTargetsOf(env)),
  },
  NOTICE_WEBHOOK_SECRET: { expects: 'at least 16 characters', fits: (text) => text.length >= 16 },
  DRAWBRIDGE_ADMIN_TOKEN: {
    expects: 'at least 16 characters without spaces',
    fits: (text) => /^\S{16,}$/.test(text),
  },
  AUDIT_WEBHOOK_URL: {
    expects: 'an https URL of a public host, or one that DRAWBRIDGE_INSECURE_TARGETS names',
    fits: (text, env) => isReachable(text, insecureTargetsOf(env)),
  },
  AUDIT_WEBHOOK_SECRET: { expects: '16 characters or more', fits: (text) => text.length >= 16 },
  AUDIT_SYSLOG: {
    expects: 'tcp://host:port or tls://host:port',
    fits: (text) => /^(tcp|tls):\/\/[^/?#@\s]+$/.test(text) && URL.canParse(text),
  },
  AUDIT_RETENTION_DAYS: {
    expects: 'a number of days from 30 on',
    fits: (text) => /^\d{2,5}$/.test(text) && Number(text) >= 30,
  },
  METRICS_TOKEN: { expects: '16 characters or more', fits: (text) => text.length >= 16 },
  LOG_LEVEL: {
    expects: `one of ${logLevels.join(', ')}`,
    fits: (text) => logLevels.some((level) => level === text),
  },
} as const satisfies Record<string, Reader>

type Name = keyof typeof readers

/** Settings that mean nothing without each other. */
const pairs = [
  ['TLS_CERT', 'TLS_KEY'],
  ['NOTICE_WEBHOOK_URL', 'NOTICE_WEBHOOK_SECRET'],
  ['AUDIT_WEBHOOK_URL', 'AUDIT_WEBHOOK_SECRET'],
] as const satisfies readonly (readonly [Name, Name])[]

/** Process settings from the environment; an empty variable counts as absent, and all problems are reported at once. */
export function loadEnvironment(env: Variables): LoadedEnvironment {
  const given = (name: Name) => env[name]?.trim() || undefined
  const problems: EnvironmentProblem[] = Object.entries(readers).flatMap(
    ([name, { expects, fits }]: [string, Reader]) => {
      const text = given(name as keyof typeof readers)
      return text === undefined || fits(text, env) ? [] : [{ name, message: `must be ${expects}` }]
    },
  )
  for (const pair of pairs) {
    const missing = pair.filter((name) => given(name) === undefined)
    if (missing.length === 1)
      problems.push({ name: missing[0]!, message: `is required: ${pair.join(' and ')} go together` })
  }
  if (problems.length > 0) return { ok: false, problems }

  const pair = <T>(names: readonly [Name, Name], of: (first: string, second: string) => T): T | undefined => {
    const [first, second] = names.map(given)
    return first === undefined || second === undefined ? undefined : of(first, second)
  }
  const tls = pair(pairs[0], (certFile, keyFile) => ({ certFile, keyFile }))
  const noticeWebhook = pair(pairs[1], (url, secret) => ({ url, secret }))
  const auditWebhook = pair(pairs[2], (url, secret) => ({ url, secret }))
  const auditSyslog = given('AUDIT_SYSLOG')
  const retention = given('AUDIT_RETENTION_DAYS')
  const adminToken = given('DRAWBRIDGE_ADMIN_TOKEN')
  const publicUrl = given('PUBLIC_URL')?.replace(/\/+$/, '')
  const databaseUrl = given('DATABASE_URL')
  const metricsToken = given('METRICS_TOKEN')
  return {
    ok: true,
    environment: Object.freeze({
      host: given('HOST') ?? '127.0.0.1',
      port: Number(given('PORT') ?? 8080),
      ...(publicUrl && { publicUrl }),
      ...(tls && { tls }),
      trustProxy: trustProxyOf(given('TRUST_PROXY')),
      ...(databaseUrl && { databaseUrl }),
      ...(metricsToken && { metricsToken }),
      dataDir: given('DRAWBRIDGE_DATA_DIR') ?? './.drawbridge',
      insecureTargets: insecureTargetsOf(env),
      ...(adminToken && { adminToken }),
      ...(noticeWebhook && { noticeWebhook }),
      ...(auditWebhook && { auditWebhook }),
      ...(auditSyslog && { auditSyslog }),
      ...(retention && { auditRetentionDays: Number(retention) }),
      logLevel: (given('LOG_LEVEL') ?? 'info') as Environment['logLevel'],
    }),
  }
}

/** Hosts that may be plain http or private; lower case. */
export function insecureTargetsOf(env: Variables): readonly string[] {
  return listOf(env['DRAWBRIDGE_INSECURE_TARGETS'] ?? '').map((each) => each.toLowerCase())
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
