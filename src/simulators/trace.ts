/** One request that a simulator served. */
export interface TraceEntry {
  /** Milliseconds since the epoch, at arrival. */
  readonly at: number
  readonly method: string
  /** Without the query, as it was sent. */
  readonly path: string
  /** A key that was repeated holds an array. */
  readonly query: Readonly<Record<string, string | string[]>>
  /** Secrets removed. Undefined when empty. */
  readonly body: unknown
  /** What the vendor answered, also when the answer was lost; undefined while it runs and when dropped before. */
  readonly status: number | undefined
  /** The request changes the vendor's state when it succeeds. */
  readonly mutating: boolean
}

type Recorded = { -readonly [K in keyof TraceEntry]: TraceEntry[K] }

const longest = 10_000
const secretKey = /token|secret|password|authorization|api_?key/i

export type Trace = ReturnType<typeof createTrace>

type Judged = Pick<TraceEntry, 'method' | 'path' | 'query'>

export function createTrace(isMutating: (request: Judged) => boolean) {
  const entries: Recorded[] = []
  return {
    entries: entries as readonly TraceEntry[],
    clear: (): void => void (entries.length = 0),
    add(method: string, url: URL, body: string, contentType: string): Recorded {
      const query = queryOf(url.searchParams)
      const entry: Recorded = {
        at: Date.now(),
        method,
        path: url.pathname,
        query,
        body: withoutSecrets(parse(body, contentType)),
        status: undefined,
        mutating: isMutating({ method, path: url.pathname, query }),
      }
      entries.push(entry)
      if (entries.length > longest) entries.shift()
      return entry
    },
  }
}

function queryOf(parameters: URLSearchParams): Record<string, string | string[]> {
  const keys = [...new Set(parameters.keys())]
  return Object.fromEntries(
    keys.map((key) => {
      const values = parameters.getAll(key)
      return [key, values.length === 1 ? values[0]! : values]
    }),
  )
}

function parse(body: string, contentType: string): unknown {
  if (body === '') return undefined
  if (contentType.startsWith('application/x-www-form-urlencoded')) return queryOf(new URLSearchParams(body))
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      secretKey.test(key) ? '[removed]' : withoutSecrets(each),
    ]),
  )
}
