import type { Sql } from '../../store/sql/statement.ts'
import { type AuditKeys, noAuditKeys } from './keys.ts'
import {
  adopted,
  type Anchor,
  anchor as anchorOf,
  type Chain,
  chains,
  erasureText,
  hashOf,
  type Heads,
  keptHead,
  keptHeads,
  type Link,
  links,
  linkText,
  unsealed,
  vouchedAnchor,
} from './store.ts'

const pageSize = 2_000

/** An event that is older should have its place; in seconds. A backup or an import may hold it up for so long. */
const longestUnsealed = 900

/** Something that is not as it was written. */
export interface Fault {
  readonly directory: string | null
  /** The first link concerned. */
  readonly position: number
  readonly kind:
    | 'edited'
    | 'removed'
    | 'reordered'
    | 'truncated'
    | 'blanked'
    /** The MAC is not that of a gateway with a key that is held. */
    | 'forged'
    /** Sealed without a key, and never taken for right by an admin. */
    | 'unkeyed'
    /** The chain begins later than at its beginning, and no gateway says so. */
    | 'anchor'
    /** The record of all heads is gone or forged. */
    | 'heads'
    /** An event that is kept out of the chain. */
    | 'unsealed'
  readonly detail: string
}

export interface VerifiedChain {
  readonly directory: string | null
  /** Links that were looked at. */
  readonly events: number
  /** Older ones were dropped up to here. */
  readonly from: number
  readonly head: Anchor
  /** Events that wait for their place, and for how many seconds the oldest of them has. */
  readonly unsealed: { readonly count: number; readonly oldestSeconds: number }
  /** A key that is not in the database vouches for the chain. */
  readonly keyed: boolean
  readonly faults: readonly Fault[]
}

/** A head that somebody wrote down elsewhere: a log line, a delivery. */
export interface KnownHead extends Anchor {
  readonly directory: string | null
}

/**
 * Recomputes every chain: an event that was edited, removed or moved shows at its place; events that were cut off at the
 * end show against the kept head, or against heads that were written down elsewhere; with a master key, also what was
 * recomputed as a whole.
 */
export async function verifyAudit(
  db: Sql,
  known: readonly KnownHead[] = [],
  onProgress: (events: number) => void = () => {},
  keys: AuditKeys = noAuditKeys,
): Promise<readonly VerifiedChain[]> {
  const heads = keys.held ? await keptHeads(db, keys) : {}
  const all = await chains(db)
  const verified: VerifiedChain[] = []
  for (const chain of all) verified.push(await verifyChain(db, { chain, known, keys, heads, onProgress }))
  const lost = keys.held ? lostHeads(heads, all, verified) : []
  return verified.map((each) =>
    each.directory === null && lost.length > 0 ? { ...each, faults: [...each.faults, ...lost] } : each,
  )
}

/** What the record of all heads says that no chain shows by itself. */
function lostHeads(
  heads: Awaited<ReturnType<typeof keptHeads>>,
  all: readonly Chain[],
  verified: readonly VerifiedChain[],
): readonly Fault[] {
  const fault = (detail: string): Fault => ({ directory: null, position: 0, kind: 'heads', detail })
  if (heads === 'forged') return [fault('the record of all heads was not made by a gateway with this key')]
  if (heads === 'none')
    return verified.some(({ events }) => events > 0) ? [fault('the record of all heads is gone')] : []
  const there = new Set(all.map(({ directoryId }) => directoryId ?? ''))
  return Object.entries(heads).flatMap(([id, { position }]) =>
    there.has(id) ? [] : [fault(`the chain of directory ${id} is gone, with ${position} events`)],
  )
}

interface Verifying {
  readonly chain: Chain
  readonly known: readonly KnownHead[]
  readonly keys: AuditKeys
  readonly heads: 'none' | 'forged' | Heads
  readonly onProgress: (events: number) => void
}

async function verifyChain(db: Sql, verifying: Verifying): Promise<VerifiedChain> {
  const { chain, known, keys, heads, onProgress } = verifying
  const anchor = await anchorOf(db, chain)
  const recorded = typeof heads === 'string' ? undefined : heads[chain.directoryId ?? '']
  const right = await adopted(db, chain, keys)
  const elsewhere = known.filter(({ directory }) => directory === chain.directory)
  const awaited = new Map<number, Set<string>>()
  for (const each of [await keptHead(db, chain), recorded, right, ...elsewhere]) {
    if (each) awaited.set(each.position, (awaited.get(each.position) ?? new Set()).add(each.hash))
  }
  const walk = createWalk({ chain, anchor, awaited, keys, rightUpTo: right?.position ?? 0, elsewhere })
  if (keys.held && !(await vouchedAnchor(db, chain, keys)))
    walk.fault(
      'anchor',
      anchor.position,
      `no gateway with this key dropped the events up to ${anchor.position}`,
    )
  for (let after = anchor.position; ;) {
    const page = await links(db, chain, after, pageSize)
    for (const link of page) walk.see(link)
    onProgress(page.length)
    if (page.length < pageSize) break
    after = page.at(-1)!.position
  }
  const waiting = await unsealed(db, chain)
  if (waiting.impossible > 0)
    walk.fault(
      'unsealed',
      0,
      `${waiting.impossible} events have the number of a transaction that has not been: they would never be sealed`,
    )
  else if (waiting.oldestSeconds > longestUnsealed)
    walk.fault(
      'unsealed',
      0,
      `${waiting.count} events are not sealed, the oldest for ${Math.round(waiting.oldestSeconds)} s`,
    )
  return walk.end(waiting)
}

interface Walking {
  readonly chain: Chain
  readonly anchor: Anchor
  readonly awaited: ReadonlyMap<number, ReadonlySet<string>>
  readonly keys: AuditKeys
  /** Up to here an admin took the chain for right. */
  readonly rightUpTo: number
  readonly elsewhere: readonly Anchor[]
}

function createWalk({ chain, anchor, awaited, keys, rightUpTo, elsewhere }: Walking) {
  const { directory } = chain
  const faults: Fault[] = []
  const blank = new Set<number>()
  const erasures = new Set<number>()
  const drops: Anchor[] = []
  const once = new Set<Fault['kind']>()
  let last: Anchor = anchor
  let events = 0
  const fault = (kind: Fault['kind'], position: number, detail: string): void => {
    faults.push({ directory, position, kind, detail })
  }
  const needsKey = (position: number): boolean => keys.held && position > rightUpTo

  /** The first of each kind only: a chain that was made anew has nothing else. */
  function seeMac({ position, hash, mac }: Link): void {
    if (!needsKey(position) || keys.vouches(linkText(chain, { position, hash }), mac)) return
    const kind = mac === null ? 'unkeyed' : 'forged'
    if (once.has(kind)) return
    once.add(kind)
    const detail =
      kind === 'unkeyed'
        ? `from event ${position} on there are events that no key vouches for: compare their head with the log, then run drawbridge audit adopt`
        : `from event ${position} on there are events that no gateway with this key sealed`
    fault(kind, position, detail)
  }

  function seePlace({ position, hash, digest, payload }: Link): void {
    if (position !== last.position + 1)
      fault('removed', last.position + 1, `events ${last.position + 1} to ${position - 1} are missing`)
    else if (hash !== hashOf(last.hash, position, { digest, payload }))
      fault('reordered', position, `event ${position} does not follow from the one before it`)
  }

  function seePayload({ position, digest, found, payload, erased, action }: Link): void {
    if (erased) blank.add(position)
    if (erased && action.startsWith('audit.'))
      fault('blanked', position, `event ${position} (${action}) is one that is never erased`)
    else if (found !== digest && !(erased && payload === null))
      fault('edited', position, `event ${position} (${action}) is not what was written`)
  }

  function seeErasure({ position, action, positions, proof, dropped }: Link): void {
    if (dropped) drops.push(dropped)
    if (action !== 'audit.erased') return
    const blanked = positions ?? []
    const real = !needsKey(position) || keys.vouches(erasureText(chain.directoryId, blanked), proof)
    if (real) for (const each of blanked) erasures.add(each)
    else fault('forged', position, `event ${position} tells of an erasure that no gateway with this key made`)
  }

  /** Older heads than the first link, and where the chain begins, need a drop that is in the chain. */
  function judgeDrops(): void {
    if (anchor.position === 0) return
    const dropsTo = (position: number): boolean => drops.some((each) => each.position >= position)
    const own = drops.some(({ position, hash }) => position === anchor.position && hash === anchor.hash)
    if (!own && events > 0)
      fault(
        'anchor',
        anchor.position,
        `no sealed event tells that the events up to ${anchor.position} were dropped`,
      )
    for (const { position } of elsewhere)
      if (position <= anchor.position && !dropsTo(position))
        fault('removed', position, `event ${position}, whose head was kept, is gone without a sealed drop`)
  }

  return {
    fault,

    see(link: Link): void {
      events += 1
      const { position, hash } = link
      seePlace(link)
      seePayload(link)
      seeMac(link)
      seeErasure(link)
      for (const head of awaited.get(position) ?? [])
        if (head !== hash)
          fault('edited', position, `the chain up to event ${position} is not the one whose head was kept`)
      last = { position, hash }
    },

    end({ count, oldestSeconds }: { readonly count: number; readonly oldestSeconds: number }): VerifiedChain {
      for (const position of blank)
        if (!erasures.has(position))
          fault('blanked', position, `event ${position} was blanked without an erasure`)
      const highest = Math.max(0, ...awaited.keys())
      if (highest > last.position)
        fault('truncated', last.position + 1, `events ${last.position + 1} to ${highest} were cut off`)
      judgeDrops()
      return {
        directory,
        events,
        from: anchor.position,
        head: last,
        unsealed: { count, oldestSeconds: Math.round(oldestSeconds) },
        keyed: keys.held,
        faults: faults.toSorted((a, b) => a.position - b.position),
      }
    },
  }
}
