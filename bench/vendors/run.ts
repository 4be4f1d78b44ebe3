import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { Agent } from 'undici'
import { type Failure, VendorError } from '../../src/model/errors.ts'
import type { Target } from '../../src/vendors/contract.ts'
import type { ConnectionPace, Exchange, Kit } from '../../src/vendors/kit/kit.ts'
import { createPacing } from '../../src/vendors/kit/pacing.ts'
import { vendorOf } from '../../src/vendors/registry.ts'
import { type Subject, usualPercent } from './subjects.ts'
import type { EntitlementRef } from '../../src/model/account.ts'

export interface Outcome {
  readonly vendor: string
  readonly joiners: number
  readonly factor: number
  /** Of the joiners alone. */
  readonly seconds: number
  /** What the limit itself would take for as many calls, with what is kept for shut-outs left unused. */
  readonly boundSeconds: number
  readonly calls: number
  readonly refused: number
  readonly leaverMs: number
  readonly accounts: number
}

/** Kept for shut-outs, of whatever is used. */
const reserve = 0.1
/** As many as work at once for one connection in a gateway under load. */
const workers = 48
const priorities = { shutOut: 0, live: 2 } as const
const comesBack: ReadonlySet<Failure> = new Set(['rate-limited', 'unavailable'])

/** Makes accounts as fast as the pace allows; in the middle somebody who joined first leaves. `joined` is told how many there are. */
export async function run(
  subject: Subject,
  joiners: number,
  factor: number,
  joined: (count: number) => void,
): Promise<Outcome> {
  const simulator = await subject.start(factor)
  const seen: Exchange[] = []
  const pacing = createPacing()
  const dispatcher = new Agent({ connections: 64 })
  const kit: Kit = {
    log: pino({ level: 'silent' }),
    dispatcher,
    signal: new AbortController().signal,
    now: Date.now,
    timeoutMs: 30_000,
    pacing,
    observe: (exchange) => void seen.push(exchange),
  }
  try {
    const { settings, credentials } = simulator.connection('current')
    const connection = {
      settings: { ...settings, ...subject.settings(factor) },
      credentials,
      profile: 'current',
    }
    const target = vendorOf(subject.vendor)!.connect(connection as never, kit)
    const pace = pacing.connection()
    const role = await roleOf(target, subject.role)
    await target.self()
    await settle(subject)
    const before = simulator.people().length
    const from = seen.length
    const startedAt = performance.now()
    const leaverMs = await joinAll({ target, pace, role, joiners, joined })
    const seconds = (performance.now() - startedAt) / 1000
    const ours = seen.slice(from).filter(({ path }) => path !== '/oauth2/token')
    return {
      vendor: subject.vendor,
      joiners,
      factor,
      seconds,
      boundSeconds: boundOf(subject, joiners, factor),
      calls: ours.length,
      refused: ours.filter(({ status }) => status === 429).length,
      leaverMs,
      accounts: simulator.people().length - before,
    }
  } finally {
    await simulator.close()
    await dispatcher.destroy()
  }
}

/** Seconds that the joiners' calls take at the rate that joiners may use; the first window is open at once. */
function boundOf({ published, callsEach }: Subject, joiners: number, factor: number): number {
  const requests = Math.floor((published.requests * factor * usualPercent) / 100)
  const open = requests - Math.max(1, Math.round(requests * reserve))
  const windows = Math.ceil((joiners * callsEach) / open) - 1
  const left = joiners * callsEach - windows * open
  // Calls of a window go out as soon as it opens; those of a window of a second are spread by their own time.
  const tail = published.perMs > 2_000 ? 0 : left / open
  return ((windows + tail) * published.perMs) / 1000
}

/** Lets the preparation's calls leave windows of a second. */
async function settle({ published }: Subject): Promise<void> {
  if (published.perMs <= 2_000) await delay(published.perMs + 100)
}

async function roleOf(target: Target, name: string): Promise<EntitlementRef> {
  const catalogue = await target.catalogue()
  const entry = catalogue.find((each) => each.kind === 'role' && each.name === name)
  if (!entry) throw new Error(`no role ${name}: ${catalogue.map((each) => each.name).join(', ')}`)
  const { kind, id, scope } = entry
  return { kind, id, ...(scope ? { scope } : {}) }
}

interface Work {
  readonly target: Target
  readonly pace: ConnectionPace
  readonly role: EntitlementRef
  readonly joiners: number
  readonly joined: (count: number) => void
}

/** Milliseconds until the leaver was gone, proven by a read. */
async function joinAll({ target, pace, role, joiners, joined }: Work): Promise<number> {
  const separately = target.capabilities.entitlements.role?.assigned === 'separately'
  let next = 0
  let done = 0
  let first: string | undefined
  let leaver: Promise<number> | undefined

  async function join(number: number): Promise<void> {
    const login = `joiner${number}@corp.example`
    const profile = { userName: login, email: login, displayName: login, givenName: 'J', familyName: 'O' }
    const entitlements = separately ? [] : [role]
    const { account } = await patiently(pace, priorities.live, () =>
      target.create({ login, profile, entitlements }),
    )
    if (!account) throw new Error(`${login} was not made`)
    first ??= account.id
    if (separately) {
      await patiently(pace, priorities.live, () =>
        target.changeEntitlements(account.id, { assign: [role], revoke: [] }),
      )
    }
  }

  async function leave(id: string): Promise<number> {
    const startedAt = performance.now()
    await patiently(pace, priorities.shutOut, () => target.remove!(id))
    const still = await patiently(pace, priorities.shutOut, () => target.get(id))
    if (still) throw new Error('the leaver is still there')
    return performance.now() - startedAt
  }

  const work = async (): Promise<void> => {
    while (next < joiners) {
      const number = next
      next += 1
      await join(number)
      joined((done += 1))
      if (!leaver && first !== undefined && number >= joiners / 2) leaver = leave(first)
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  return (await leaver) ?? Number.POSITIVE_INFINITY
}

/**
 * Comes back when it is told to, as the queue does. On a machine that is short of time a connection that was idle may close
 * just as it is used: what was lost is asked for again, and an account that is there by then counts as made.
 */
async function patiently<T>(pace: ConnectionPace, priority: number, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await pace.during(priority, call)
    } catch (error) {
      if (!(error instanceof VendorError) || !comesBack.has(error.failure)) throw error
      await delay(Math.min(error.retryAfterMs ?? 1_000, 60_000))
    }
  }
}
