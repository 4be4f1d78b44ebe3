import type { Logger } from 'pino'
import { LeaseLost, type AccountQueue, type Claimed, type Lease } from '../../model/work.ts'

const renewEveryMs = 5_000

/** A lease that this process holds and keeps renewing until `release`. */
export interface HeldLease {
  /** The lease as last renewed. Throws `LeaseLost` when another process may have it. */
  current(): Lease
  /** Stops renewing; what the store has is ended by `settle` or runs out. */
  release(): void
}

export interface LeaseKeeper {
  hold(claimed: Pick<Claimed, 'lease'>): HeldLease
  close(): void
}

/** Renews all leases of this process together, every 5 s. */
export function createLeaseKeeper(
  queue: Pick<AccountQueue, 'renew'>,
  log: Logger,
  everyMs = renewEveryMs,
): LeaseKeeper {
  const held = new Map<string, Lease>()

  const renew = async (): Promise<void> => {
    if (held.size === 0) return
    const asked = [...held.values()]
    const kept = await queue.renew(asked)
    const keptIds = new Set(kept.map(({ id: accountId }) => accountId))
    for (const lease of kept) {
      if (held.get(lease.id)?.epoch === lease.epoch) held.set(lease.id, lease)
    }
    for (const { id: accountId, epoch } of asked) {
      if (!keptIds.has(accountId) && held.get(accountId)?.epoch === epoch) held.delete(accountId)
    }
  }

  const timer = setInterval(() => {
    // A store that is away for a moment costs nothing: the leases run out by themselves if it stays away.
    renew().catch((err: unknown) => log.warn({ err }, 'leases not renewed'))
  }, everyMs)
  timer.unref()

  return {
    hold({ lease }) {
      held.set(lease.id, lease)
      const mine = (): Lease | undefined => {
        const now = held.get(lease.id)
        return now?.epoch === lease.epoch ? now : undefined
      }
      return {
        current() {
          const now = mine()
          if (!now || now.until <= Date.now()) throw new LeaseLost(`lease of account ${lease.id} is lost`)
          return now
        },
        release() {
          if (mine()) held.delete(lease.id)
        },
      }
    },
    close: () => clearInterval(timer),
  }
}
