import type { Sql } from '../../store/sql/statement.ts'
import {
  type Anchor,
  anchor as anchorOf,
  type Chain,
  chains,
  hashOf,
  keptHead,
  type Link,
  links,
} from './store.ts'

const pageSize = 2_000

/** Something that is not as it was written. */
export interface Fault {
  readonly directory: string | null
  /** The first link concerned. */
  readonly position: number
  readonly kind: 'edited' | 'removed' | 'reordered' | 'truncated' | 'blanked'
  readonly detail: string
}

export interface VerifiedChain {
  readonly directory: string | null
  /** Links that were looked at. */
  readonly events: number
  /** Older ones were dropped up to here. */
  readonly from: number
  readonly head: Anchor
  readonly faults: readonly Fault[]
}

/** A head that somebody wrote down elsewhere: a log line, a delivery. */
export interface KnownHead extends Anchor {
  readonly directory: string | null
}

/**
 * Recomputes every chain: an event that was edited, removed or moved shows at its place; events that were cut off at the
 * end show against the kept head, or against heads that were written down elsewhere.
 */
export async function verifyAudit(
  db: Sql,
  known: readonly KnownHead[] = [],
  onProgress: (events: number) => void = () => {},
): Promise<readonly VerifiedChain[]> {
  const verified: VerifiedChain[] = []
  for (const chain of await chains(db)) verified.push(await verifyChain(db, chain, known, onProgress))
  return verified
}

async function verifyChain(
  db: Sql,
  chain: Chain,
  known: readonly KnownHead[],
  onProgress: (events: number) => void,
): Promise<VerifiedChain> {
  const anchor = await anchorOf(db, chain)
  const expected = [
    await keptHead(db, chain),
    ...known.filter(({ directory }) => directory === chain.directory),
  ]
  const awaited = new Map(
    expected.filter((each) => each !== undefined).map((each) => [each.position, each.hash]),
  )
  const walk = createWalk(chain, anchor, awaited)
  for (let after = anchor.position; ;) {
    const page = await links(db, chain, after, pageSize)
    for (const link of page) walk.see(link)
    onProgress(page.length)
    if (page.length < pageSize) break
    after = page.at(-1)!.position
  }
  return walk.end()
}

function createWalk({ directory }: Chain, anchor: Anchor, awaited: ReadonlyMap<number, string>) {
  const faults: Fault[] = []
  const blank = new Set<number>()
  const erasures = new Set<number>()
  let last: Anchor = anchor
  let events = 0
  const fault = (kind: Fault['kind'], position: number, detail: string): void => {
    faults.push({ directory, position, kind, detail })
  }

  return {
    see(link: Link): void {
      events += 1
      const { position, hash, digest, found, erased, action, positions } = link
      if (position !== last.position + 1)
        fault('removed', last.position + 1, `events ${last.position + 1} to ${position - 1} are missing`)
      else if (hash !== hashOf(last.hash, position, digest))
        fault('reordered', position, `event ${position} does not follow from the one before it`)
      if (erased) blank.add(position)
      else if (found !== digest)
        fault('edited', position, `event ${position} (${action}) is not what was written`)
      if (action === 'audit.erased') for (const each of positions ?? []) erasures.add(each)
      const head = awaited.get(position)
      if (head !== undefined && head !== hash)
        fault('edited', position, `the chain up to event ${position} is not the one whose head was kept`)
      last = { position, hash }
    },

    end(): VerifiedChain {
      for (const position of blank)
        if (!erasures.has(position))
          fault('blanked', position, `event ${position} was blanked without an erasure`)
      const highest = Math.max(0, ...awaited.keys())
      if (highest > last.position)
        fault('truncated', last.position + 1, `events ${last.position + 1} to ${highest} were cut off`)
      const inOrder = faults.toSorted((a, b) => a.position - b.position)
      return { directory, events, from: anchor.position, head: last, faults: inOrder }
    },
  }
}
