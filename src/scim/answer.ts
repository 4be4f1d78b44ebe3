import { switchesOf } from './client-profiles.ts'
import type { AccountOutcome } from './ports.ts'
import type { ClientProfile } from '../model/directory.ts'

/** A write that was recorded. `active` is what is wanted of the User after it; false makes it a shut-out. */
export type RecordedWrite =
  | { readonly kind: 'create'; readonly active: boolean }
  | { readonly kind: 'update'; readonly active: boolean }
  | { readonly kind: 'delete' }

export interface Answer {
  readonly status: 200 | 201 | 204 | 400 | 429 | 503
  /** Whole seconds; only with 429 and 503, which say that nothing is refused and the client is to ask again. */
  readonly retryAfter?: number
  /** Why the write is not answered with success, in words for the admin. */
  readonly detail?: string
  readonly scimType?: 'invalidValue' | 'mutability'
  /** Code of the first failure that the detail tells, in the error dictionary. */
  readonly failure?: string
  /** The created User is to be taken back: nobody has, or may have, an account of it. */
  readonly takeBack?: true
}

/** What a client hears when no account says when it is tried again. */
const usualWait = 30
/** A client that is told to wait longer may pause everybody's pushes with this one (Okta pauses the whole task). */
const longestWait = 300

/** The answer to a recorded write of a User (design: a write and its answer). The worst outcome counts: to ask again over refused over done. */
export function answerTo(
  write: RecordedWrite,
  client: ClientProfile,
  outcomes: readonly AccountOutcome[],
): Answer {
  if (write.kind === 'create') return answerToCreate(write.active, outcomes)
  if (write.kind === 'update' && write.active) return answerToUpdate(client, outcomes)
  const done = write.kind === 'delete' ? 204 : 200
  const unproven = outcomes.filter((each) => each.state === 'pending' && each.pendingShutOut === 'retry')
  if (unproven.length > 0) {
    return {
      status: switchesOf(client).retryStatus,
      retryAfter: waitFor(unproven),
      ...words(unproven, 'access is not proven to have ended yet'),
    }
  }
  const refused = outcomes.filter((each) => each.state === 'refused')
  if (refused.length === 0) return { status: done }
  const told = words(refused, 'access cannot be ended')
  return write.kind === 'delete' ? { status: 400, ...told } : { status: 400, scimType: 'mutability', ...told }
}

/** Never to be asked again: a client that loses the id of a User whose account exists will never deactivate it. */
function answerToCreate(active: boolean, outcomes: readonly AccountOutcome[]): Answer {
  const nobodyHasIt =
    outcomes.length > 0 && outcomes.every((each) => each.state === 'refused' && !each.mayExist)
  // A create that shuts out is kept: what it wants, that nobody has access, is true.
  if (!active || !nobodyHasIt) return { status: 201 }
  return {
    status: 400,
    scimType: 'invalidValue',
    ...words(outcomes, 'the account was refused'),
    takeBack: true,
  }
}

/** Okta stops sending for users whose update failed, so only clients that show a refusal and go on are told. */
function answerToUpdate(client: ClientProfile, outcomes: readonly AccountOutcome[]): Answer {
  const refused = outcomes.filter((each) => each.state === 'refused')
  const told = client === 'entra' || client === 'rfc'
  if (refused.length === 0 || !told) return { status: 200 }
  return { status: 400, scimType: 'invalidValue', ...words(refused, 'the change was refused') }
}

function waitFor(unproven: readonly AccountOutcome[]): number {
  const longest = Math.max(...unproven.map((each) => each.retryAfter ?? usualWait))
  return Math.min(Math.max(Math.ceil(longest), 1), longestWait)
}

function words(outcomes: readonly AccountOutcome[], otherwise: string): Pick<Answer, 'detail' | 'failure'> {
  const detail = outcomes.map((each) => `${each.connection}: ${each.detail ?? otherwise}`).join('; ')
  const failure = outcomes.find((each) => each.failure !== undefined)?.failure
  return { detail, ...(failure !== undefined && { failure }) }
}
