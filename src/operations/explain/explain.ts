import { GatewayError } from '../../model/errors.ts'
import { explain } from '../../translators/explain/explain.ts'
import type { Capabilities } from '../../model/capabilities.ts'
import { vendorOf } from '../../vendors/registry.ts'
import type { Sql } from '../../store/sql/statement.ts'
import {
  accountFacts,
  type ConnectionFacts,
  connectionFacts,
  peopleFacts,
  type PersonFacts,
  type Waiting,
} from './store.ts'
import type { ApiProfile } from '../../model/account.ts'
import type { AccountState, Explanation, WhatIf } from '../../translators/explain/model.ts'
import { wantedInput } from '../../provisioning/wanted-input.ts'
import type { WantedInput } from '../../translators/wanted.ts'

interface ExplainRequest {
  readonly userName: string
  /** By name; all directories otherwise. */
  readonly directory?: string
  /** By name; all connections of the person's directory otherwise. */
  readonly connection?: string
  readonly whatIf?: WhatIf
}

export interface ExplainedPerson {
  readonly userName: string
  readonly directory: string
  readonly active: boolean
  readonly deleted: boolean
  readonly connections: readonly Explanation[]
}

/**
 * Explains a person at every connection, out of the store alone: no vendor is asked and nothing is written. Empty when
 * nobody has the userName. Rejects with `GatewayError` `NO_CONNECTION`.
 */
export async function explainPerson(
  db: Sql,
  { userName, directory, connection, whatIf }: ExplainRequest,
  now: () => number = Date.now,
): Promise<readonly ExplainedPerson[]> {
  const connections = await connectionFacts(db, directory)
  if (connection !== undefined && !connections.some((each) => isNamed(each, connection))) {
    throw noConnection(connection, connections)
  }
  const at = new Date(now()).toISOString()
  const explained: ExplainedPerson[] = []
  for (const [directoryId, ofDirectory] of Map.groupBy(connections, (each) => each.directoryId)) {
    const meant = ofDirectory.filter((each) => connection === undefined || isNamed(each, connection))
    for (const person of await peopleFacts(db, userName, directoryId)) {
      explained.push({
        userName: person.userName,
        directory: ofDirectory[0]?.directory ?? '',
        active: person.active,
        deleted: person.deleted,
        connections: await Promise.all(meant.map((each) => explainAt(db, person, each, whatIf, at))),
      })
    }
  }
  return explained
}

/** Whether a connection is meant by `falcon` or `corp/falcon`. */
function isNamed(facts: Pick<ConnectionFacts, 'directory' | 'connection'>, name: string): boolean {
  return name === facts.connection || name === `${facts.directory}/${facts.connection}`
}

function noConnection(name: string, connections: readonly ConnectionFacts[]): GatewayError {
  const known = connections.map((each) => `${each.directory}/${each.connection}`).join(', ') || 'none'
  return new GatewayError('NO_CONNECTION', `there is no connection called ${name}; there are: ${known}`)
}

/** What the vendor can do in the profile that is known or, until it has answered, most likely. */
function capabilitiesAt({ vendor, profile }: ConnectionFacts): Capabilities {
  const known = vendorOf(vendor)
  if (!known) throw new GatewayError('NO_VENDOR', `this release has no vendor ${vendor}`)
  const spoken: ApiProfile = profile === 'auto' ? known.profiles[0] : profile
  return known.capabilities(spoken)
}

/** What the directory wants of a person at a connection, as the store knows both. */
export function wantedAt(
  person: Pick<PersonFacts, 'resource' | 'active' | 'deleted' | 'groups'>,
  facts: ConnectionFacts,
  now: string,
): WantedInput {
  const connection = { name: facts.connection, policy: facts.policy, can: capabilitiesAt(facts) }
  const { groups } = person
  return wantedInput({ user: person, groups, made: facts.made }, connection, facts.catalogue, now)
}

async function explainAt(
  db: Sql,
  person: PersonFacts,
  facts: ConnectionFacts,
  whatIf: WhatIf | undefined,
  now: string,
): Promise<Explanation> {
  const account = await accountFacts(db, facts.connectionId, person.userId)
  return explain({
    ...wantedAt(person, facts, now),
    connection: facts.connection,
    vendor: facts.vendor,
    ...(account?.held ? { held: account.held } : {}),
    ...(account ? { state: { ...account.state, ...waitsFor(account.waiting, facts) } } : {}),
    calls: account?.calls ?? [],
    ...(whatIf ? { whatIf } : {}),
  })
}

/** What has to happen before anything more is done for an account, as a phrase after "waits for". */
function waitsFor(account: Waiting, facts: ConnectionFacts): Pick<AccountState, 'waitsFor'> {
  const reason = causeOfWaiting(account, facts)
  return reason === undefined ? {} : { waitsFor: reason }
}

function causeOfWaiting(account: Waiting, { connection, directory }: ConnectionFacts): string | undefined {
  const path = `${directory}/${connection}`
  if (account.unmanaged) return 'an operator, who took the account out of provisioning'
  if (account.riskAccepted) return 'nothing: an operator accepted that the shut-out stays undone'
  if (account.running) return 'the run that is under way'
  const isIdle = account.proven && account.status !== 'verifying' && account.dueAt === null
  if (isIdle) return undefined
  if (account.parked) {
    const reason = account.parkedReason === null ? '' : ` (${account.parkedReason})`
    return `the connection, which is parked${reason}: correct its settings or credentials, then run "drawbridge retry ${path} --unpark"`
  }
  if (account.planState === 'waiting')
    return `a decision: run "drawbridge approve ${path} --plan ${account.planId}", or "reject" in its place`
  if (account.dueAt === null) return account.status === 'failed' ? 'a change: it failed for good' : undefined
  if (account.pausedUntil) return `the rate limit of the vendor, until ${account.pausedUntil.toISOString()}`
  if (account.isDue) return 'its turn in the queue'
  return account.status === 'verifying' ? 'the vendor’s reads to show the change' : undefined
}
