/** A part of a budget that is in use. */
export interface Share {
  /** Gives back what turned out not to be needed. */
  shrink(to: number): void
  /** Gives all of it back; more than once is once. */
  release(): void
}

export interface BudgetOptions {
  /** What all together may use at one time. */
  readonly total: number
  /** What one key may use of it: the others are never kept out by it. */
  readonly perKey: number
  /** How many of one key may wait; and how long, in milliseconds. */
  readonly mostWaiting: number
  readonly patienceMs: number
  /** What somebody is refused with who cannot wait, or has waited too long. */
  readonly busy: () => Error
}

export interface Budget {
  /** Waits for its turn, first come, first served within a key; rejects with `busy`. What is larger than a key's part waits for all of that part. */
  take(key: string, weight: number): Promise<Share>
}

interface Waiting {
  readonly key: string
  readonly weight: number
  readonly admit: () => void
}

/** Bounds what many who know nothing of each other use at one time: bytes, or places. */
export function createBudget({ total, perKey, mostWaiting, patienceMs, busy }: BudgetOptions): Budget {
  const used = new Map<string, number>()
  let usedByAll = 0
  const waiting = new Set<Waiting>()

  const fits = (key: string, weight: number): boolean =>
    usedByAll + weight <= total && (used.get(key) ?? 0) + weight <= perKey
  const use = (key: string, weight: number): void => {
    usedByAll += weight
    const now = (used.get(key) ?? 0) + weight
    if (now > 0) used.set(key, now)
    else used.delete(key)
  }
  const admitNext = (): void => {
    const passedOver = new Set<string>()
    for (const each of waiting) {
      // Nobody overtakes within a key; others do not wait for a key that is at its bound.
      if (passedOver.has(each.key) || !fits(each.key, each.weight)) {
        passedOver.add(each.key)
        continue
      }
      waiting.delete(each)
      use(each.key, each.weight)
      each.admit()
    }
  }
  const share = (key: string, weight: number): Share => {
    let held = weight
    const keep = (to: number): void => {
      if (to >= held) return
      use(key, to - held)
      held = to
      admitNext()
    }
    return { shrink: (to) => keep(Math.max(0, to)), release: () => keep(0) }
  }

  return {
    async take(key, asked) {
      const weight = Math.min(asked, perKey, total)
      const ofKey = [...waiting].filter((each) => each.key === key).length
      if (ofKey === 0 && fits(key, weight)) {
        use(key, weight)
        return share(key, weight)
      }
      if (ofKey >= mostWaiting) throw busy()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const own: Waiting = { key, weight, admit: resolve }
      waiting.add(own)
      const timer = setTimeout(() => {
        waiting.delete(own)
        reject(busy())
        admitNext()
      }, patienceMs)
      try {
        await promise
      } finally {
        clearTimeout(timer)
      }
      return share(key, weight)
    },
  }
}
