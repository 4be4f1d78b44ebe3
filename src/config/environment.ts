import { existsSync } from 'node:fs'
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
  readonly fits: (text: string) => boolean
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
  LOG_LEVEL: {
    expects: `one of ${logLevels.join(', ')}`,
    fits: (text) => logLevels.some((level) => level === text),
  },
} as const satisfies Record<string, Reader>

/** Process settings from the environment; an empty variable counts as absent, and all problems are reported at once. */
export function loadEnvironment(env: Variables): LoadedEnvironment {
  const given = (name: keyof typeof readers) => env[name]?.trim() || undefined
  const problems: EnvironmentProblem[] = Object.entries(readers).flatMap(
    ([name, { expects, fits }]: [string, Reader]) => {
      const text = given(name as keyof typeof readers)
      return text === undefined || fits(text) ? [] : [{ name, message: `must be ${expects}` }]
    },
  )
  const [certFile, keyFile] = [given('TLS_CERT'), given('TLS_KEY')]
  if ((certFile === undefined) !== (keyFile === undefined))
    problems.push({
      name: certFile ? 'TLS_KEY' : 'TLS_CERT',
      message: 'is required: TLS_CERT and TLS_KEY go together',
    })
  if (problems.length > 0) return { ok: false, problems }

  const publicUrl = given('PUBLIC_URL')?.replace(/\/+$/, '')
  const databaseUrl = given('DATABASE_URL')
  return {
    ok: true,
    environment: Object.freeze({
      host: given('HOST') ?? '127.0.0.1',
      port: Number(given('PORT') ?? 8080),
      ...(publicUrl && { publicUrl }),
      ...(certFile && keyFile && { tls: { certFile, keyFile } }),
      trustProxy: trustProxyOf(given('TRUST_PROXY')),
      ...(databaseUrl && { databaseUrl }),
      dataDir: given('DRAWBRIDGE_DATA_DIR') ?? './.drawbridge',
      insecureTargets: insecureTargetsOf(env),
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

function isWebUrl(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null && ['http:', 'https:'].includes(url.protocol) && !url.search && !url.hash && !url.username
  )
}
