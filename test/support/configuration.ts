import type { Configuration, ConnectionConfig, DirectoryConfig } from '../../src/model/configuration.ts'
import type { Actor } from '../../src/scim/ports.ts'
import type { Policy } from '../../src/model/policy.ts'
import type { DirectoryRef } from '../../src/model/directory.ts'

export function aPolicy(change: Partial<Policy> = {}): Policy {
  return {
    mode: 'enforce',
    people: 'assigned',
    login: 'userName',
    rules: [],
    default: {},
    exclusive: false,
    deprovision: { inactive: ['strip'], deleted: ['remove'], graceDays: 0 },
    rename: 'keep',
    adopt: 'always',
    guard: {
      protect: [],
      shutOuts: { count: 25, withinMs: 3_600_000 },
      revokes: { count: 100, withinMs: 3_600_000 },
    },
    reinvite: 'never',
    // Whatever ends a run ends the wait for it: the budget only has to suffice on a busy machine.
    reply: { budgetMs: 30_000, pendingShutOut: 'retry' },
    ...change,
  }
}

export function aConnection(name: string, change: Partial<ConnectionConfig> = {}): ConnectionConfig {
  return {
    name,
    vendor: 'sentry',
    apiProfile: 'auto',
    settings: { organization: 'acme' },
    credentials: { token: 'not-a-real-secret' },
    policy: aPolicy(),
    ...change,
  }
}

export function aConfiguration(...connections: readonly ConnectionConfig[]): Configuration {
  return { directories: [aDirectory('corp', connections)] }
}

export function aDirectory(name: string, connections: readonly ConnectionConfig[] = []): DirectoryConfig {
  return {
    name,
    client: 'auto',
    domains: [],
    tokens: [{ name: 'idp', secret: `secret-of-${name}-0123456789` }],
    connections,
  }
}

export function anActor(directoryId: string, name = 'corp'): Actor {
  const directory: DirectoryRef = { id: directoryId, name, client: 'auto', domains: [] }
  return { directory, actor: 'token:idp', requestId: 'request-1' }
}
