interface Closable {
  close(): Promise<unknown> | void
}

/** What was opened, closed in the opposite order. */
export interface Resources {
  keep<T extends Closable>(opened: T): T
  close(): Promise<void>
}

export function createResources(): Resources {
  const all: Closable[] = []
  return {
    keep(opened) {
      all.push(opened)
      return opened
    },
    async close() {
      for (const each of all.splice(0).toReversed()) await each.close()
    },
  }
}
