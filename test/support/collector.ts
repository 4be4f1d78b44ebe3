import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** A span as OTLP/JSON has it, attributes as a record. */
export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
}

export interface Collector {
  readonly url: string
  readonly spans: CollectedSpan[]
  /** Whole requests: headers and body. */
  readonly requests: string[]
  /** What it answers. */
  status: number
}

interface Batch {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly (CollectedSpan & { attributes: KeyValue[] })[]
    }[]
  }[]
}
interface KeyValue {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

/** An OpenTelemetry collector on loopback: takes `POST /v1/traces` as JSON. */
export async function startCollector(t: TestContext): Promise<Collector> {
  const collector: Collector = { url: '', spans: [], requests: [], status: 200 }
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    collector.requests.push(`${request.method} ${request.url}\n${JSON.stringify(request.headers)}\n${text}`)
    for (const { scopeSpans } of (JSON.parse(text) as Batch).resourceSpans) {
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        const attributes = span.attributes.map(({ key, value }) => [key, Object.values(value)[0]] as const)
        collector.spans.push({ ...span, attributes: Object.fromEntries(attributes) })
      }
    }
    response.writeHead(collector.status, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return Object.assign(collector, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}
