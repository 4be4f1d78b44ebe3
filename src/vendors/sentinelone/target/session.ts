import type { Account } from '../../contract.ts'
import { fold } from '../client/calls.ts'
import type { Client, ConsoleRole, Reach } from '../client/client.ts'
import { failure } from '../errors.ts'
import type { SentineloneSettings } from '../settings.ts'
import { isCalled, type Presentation, toAccount } from './accounts.ts'

/** What every call of a target needs: the endpoints, where the token leads, and how users are shown. */
export interface Session {
  readonly client: Client
  readonly how: Presentation
  /** Where the token leads, as last read. */
  reached(operation: string): Promise<Reach>
  /** The same, asked anew. */
  reachAnew(operation: string): Promise<Reach>
}

export function createSession(client: Client, settings: SentineloneSettings): Session {
  const { quarantineRole, onboarding = true } = settings
  let known: Promise<Reach> | undefined

  function reachAnew(operation: string): Promise<Reach> {
    const asked = client.reach(operation, settings)
    known = asked
    asked.catch(() => {
      if (known === asked) known = undefined
    })
    return asked
  }

  return {
    client,
    how: { quarantineRole, keepsSettings: client.keepsSettings, onboarding },
    reachAnew,
    reached: (operation) => known ?? reachAnew(operation),
  }
}

/** Accounts of exactly this address, letter case aside. */
export async function findByEmail(
  { client, how, reached }: Session,
  operation: string,
  email: string,
): Promise<readonly Account[]> {
  const wanted = fold(email)
  if (wanted === '') return []
  const users = await client.search(operation, await reached(operation), wanted)
  return users.filter(({ login }) => fold(login) === wanted).map((user) => toAccount(user, how))
}

/** The role that counts as none, where the connection names one. */
export async function quarantineOf(
  { client, how: { quarantineRole } }: Session,
  operation: string,
  reach: Reach,
): Promise<ConsoleRole | undefined> {
  if (quarantineRole === undefined) return undefined
  const roles = await client.roles(operation, reach)
  const found = roles.find((role) => isCalled(role, quarantineRole))
  if (found) return found
  throw failure('invalid', operation, `the console has no role "${quarantineRole}", the quarantineRole`)
}
