import type { ApiProfile } from './account.ts'
import type { Policy } from './policy.ts'
import type { ClientProfile } from './directory.ts'
import type { KeyObject } from 'node:crypto'

/** The configuration file after defaults, references and checks. Holds secrets: never logged, never serialised. */
export interface Configuration {
  readonly directories: readonly DirectoryConfig[]
}

export interface DirectoryConfig {
  readonly name: string
  readonly client: ClientProfile
  readonly domains: readonly string[]
  readonly tokens: readonly { readonly name: string; readonly secret: string }[]
  readonly connections: readonly ConnectionConfig[]
}

export interface ConnectionConfig {
  readonly name: string
  readonly vendor: string
  readonly apiProfile: 'auto' | ApiProfile
  /** The vendor's own settings, defaults filled in, `baseUrl` included when given. */
  readonly settings: Readonly<Record<string, unknown>>
  /** What the operator says that the tenant pays for. */
  readonly plan?: string
  readonly credentials: Readonly<Record<string, string>>
  /** When they end, as the operator states: ISO 8601. */
  readonly credentialsEndAt?: string
  readonly policy: Policy
}

/** Process settings, from the environment (design: configuration file). */
export interface Environment {
  readonly host: string
  readonly port: number
  readonly publicUrl?: string
  readonly tls?: { readonly certFile: string; readonly keyFile: string }
  /** True: the one proxy that connections come from; or the addresses of all that count. */
  readonly trustProxy: boolean | string
  readonly databaseUrl?: string
  /** Address of the proxy through which vendors are called; may hold its password. */
  readonly vendorProxy?: string
  /** Closes `/metrics` to everybody else. */
  readonly metricsToken?: string
  readonly dataDir: string
  readonly insecureTargets: readonly string[]
  /** Secret of an admin of the operator API. */
  readonly adminToken?: string
  /** What credentials in the store are sealed with. */
  readonly masterKeys?: readonly MasterKey[]
  /** Where notices go, and what they are signed with. */
  readonly noticeWebhook?: { readonly url: string; readonly secret: string }
  /** To whom notices go by e-mail, and by which server; its URL may hold a password. */
  readonly noticeMail?: { readonly to: readonly string[]; readonly from: string; readonly smtpUrl: string }
  /** Where traces go (OTLP over HTTP); the headers may hold a key. */
  readonly tracing?: {
    readonly endpoint: string
    readonly headers: Readonly<Record<string, string>>
    readonly serviceName: string
  }
  /** Where the audit goes, and what it is signed with. */
  readonly auditWebhook?: { readonly url: string; readonly secret: string }
  /** `tcp://host:port` or `tls://host:port`. */
  readonly auditSyslog?: string
  /** Sustained SCIM requests that one token may send to this process. */
  readonly scimRequestsPerSecond?: number
  /** Megabytes that the Users and Groups of one directory may take. */
  readonly directoryQuotaMb?: number
  /** Older events are dropped. */
  readonly auditRetentionDays?: number
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
}

/** A key of the master key's list. The key itself never shows. */
export interface MasterKey {
  /** Stands beside everything that is sealed with it. */
  readonly id: string
  readonly key: KeyObject
}
