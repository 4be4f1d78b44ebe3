import pino from 'pino'
import { Agent, type Dispatcher } from 'undici'
import type { AnyVendor, Target } from '../../src/vendors/contract.ts'
import type { Kit } from '../../src/vendors/kit/kit.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import type { ApiProfile } from '../../src/model/account.ts'

/** One dispatcher for a test file; `close` it when done, or the file does not end. */
export function openKit(overrides: Partial<Kit> = {}): Kit & { readonly dispatcher: Dispatcher } {
  return {
    log: pino({ level: 'silent' }),
    dispatcher: new Agent(),
    signal: new AbortController().signal,
    now: Date.now,
    timeoutMs: 30_000,
    ...overrides,
  }
}

export interface Opening {
  readonly settings?: Readonly<Record<string, unknown>>
  readonly credentials?: Readonly<Record<string, string>>
}

/** A target on a simulator; `opening` overrides single settings and credentials. */
export function openTarget(
  vendor: AnyVendor,
  simulator: VendorSimulator,
  profile: ApiProfile,
  kit: Kit,
  opening: Opening = {},
): Target {
  const { settings, credentials } = simulator.connection(profile)
  const connection = {
    settings: { ...settings, ...opening.settings },
    credentials: { ...credentials, ...opening.credentials },
    profile,
  }
  return vendor.connect(connection as never, kit)
}

/** The calls that reached a vendor since so many, `METHOD path` each; those that get a token are not counted. */
export function callsSince({ trace }: VendorSimulator, from: number): readonly string[] {
  return trace
    .slice(from)
    .filter(({ path }) => !/\/oauth2\/token$|\/login$/.test(path))
    .map(({ method, path }) => `${method} ${path}`)
}
