import { setTimeout as delay } from 'node:timers/promises'
import { type Failure, VendorError } from '../../model/errors.ts'

/** One write that carries all these users. */
export type Send = (users: readonly string[]) => Promise<void>

interface Batch {
  readonly users: Set<string>
  /** Until it is sent. */
  isOpen: boolean
  sent: Promise<void>
}

/** Nobody waits longer for the call ahead: a lease must outlive the wait and the write that follows it. */
const patienceMs = 2_500
/** How many the vendor takes in one call is not documented. */
const mostTogether = 100

/** What the vendor says about somebody in the batch, and not about all of them. */
const aboutOne: ReadonlySet<Failure> = new Set([
  'not-found',
  'invalid',
  'conflict',
  'forbidden',
  'unexpected',
])

/**
 * Lets writes of one kind share calls: while one is out, whoever comes with the same `key` goes together in the next. Nobody
 * waits where nothing is out. Each caller learns what became of the call that carried its user; a call that was refused
 * because of somebody in it is made again by each alone, at once or, where the refusal took long, in another run; a call whose
 * answer is lost is made again by nobody.
 */
export function createGathering(
  longestMs = patienceMs,
): (key: string, user: string, send: Send) => Promise<void> {
  const batches = new Map<string, Batch>()

  async function go(key: string, batch: Batch, ahead: Promise<void> | undefined, send: Send): Promise<void> {
    if (ahead) await Promise.race([ahead.catch(() => undefined), delay(longestMs, undefined, { ref: false })])
    batch.isOpen = false
    try {
      await send([...batch.users])
    } finally {
      if (batches.get(key) === batch) batches.delete(key)
    }
  }

  function batchFor(key: string, user: string, send: Send): Batch {
    const last = batches.get(key)
    if (last?.isOpen && last.users.size < mostTogether) {
      last.users.add(user)
      return last
    }
    const batch: Batch = { users: new Set([user]), isOpen: true, sent: Promise.resolve() }
    batches.set(key, batch)
    batch.sent = go(key, batch, last?.sent, send)
    return batch
  }

  /** Who is asked for alone the next time. */
  const apart = new Set<string>()

  return async (key, user, send) => {
    const who = `${key} ${user}`
    if (apart.delete(who)) return send([user])
    const from = performance.now()
    const { users, sent } = batchFor(key, user, send)
    try {
      await sent
    } catch (error) {
      if (users.size === 1 || !isAboutOne(error)) throw error
      if (performance.now() - from > 2 * longestMs) {
        apart.add(who)
        throw tooLate(error)
      }
      await send([user])
    }
  }
}

function isAboutOne(error: unknown): error is VendorError {
  return error instanceof VendorError && error.certainlyNotDone && aboutOne.has(error.failure)
}

/** The lease under which the first call was made need not be held any more: another run asks, under its own. */
function tooLate(cause: VendorError): VendorError {
  const { vendor, operation } = cause
  const detail =
    'the call for several users was refused because of one of them; each is asked for alone later'
  return new VendorError('unavailable', detail, { vendor, operation, certainlyNotDone: true, cause })
}
