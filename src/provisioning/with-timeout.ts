/** What the work gives, or undefined when it takes longer. Leaves no timer behind: this is done often. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const over = Promise.withResolvers<undefined>()
  const timer = setTimeout(over.resolve, Math.max(0, ms), undefined).unref()
  try {
    return await Promise.race([work, over.promise])
  } finally {
    clearTimeout(timer)
  }
}
