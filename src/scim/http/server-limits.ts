/**
 * How long and how large connections and requests may be: whoever sends slowly, or holds a connection open, does not keep
 * others out. Milliseconds.
 */
export const serverLimits = {
  /** For a whole request to arrive. */
  requestTimeout: 30_000,
  /** Nothing moves on the connection, in either direction; longer than any answer takes. */
  connectionTimeout: 120_000,
  /** Longest id in an address. */
  routerOptions: { maxParamLength: 512 },
  http: {
    /** For its headers to arrive. */
    headersTimeout: 15_000,
    /** How often late requests are looked for. */
    connectionsCheckingInterval: 5_000,
    /** Of address and headers together, in bytes. */
    maxHeaderSize: 16_384,
  },
} as const
