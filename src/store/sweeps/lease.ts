/** How long a sweep outlives the process that walks it. */
export const sweepLeaseMs = 30_000
