import type { AttributeValue } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type SpanExporter,
  type TracerConfig,
} from '@opentelemetry/sdk-trace-base'
import type { BaseLogger } from 'pino'

type Resource = NonNullable<TracerConfig['resource']>

const patienceMs = 5_000
const complainEveryMs = 60_000

/** Spans go out in batches; when the collector does not take them they are lost, and nothing waits for it. */
export function otlpProvider(
  { endpoint, headers, serviceName }: TracingSettings,
  log: Pick<BaseLogger, 'warn'>,
): BasicTracerProvider {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: { ...headers },
    timeoutMillis: patienceMs,
  })
  return new BasicTracerProvider({
    resource: resourceOf({ 'service.name': serviceName }),
    spanProcessors: [new BatchSpanProcessor(complaining(exporter, log), { exportTimeoutMillis: patienceMs })],
    forceFlushTimeoutMillis: patienceMs,
  })
}

/** The exporter keeps its failures to itself; an operator hears of them once a minute, without the collector's words. */
function complaining(exporter: SpanExporter, log: Pick<BaseLogger, 'warn'>): SpanExporter {
  let quietUntil = 0
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error && Date.now() >= quietUntil) {
          quietUntil = Date.now() + complainEveryMs
          const { name, code } = result.error as NodeJS.ErrnoException
          log.warn({ spans: spans.length, error: code ?? name }, 'traces were not taken and are lost')
        }
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}

/** Who sends the spans. The packages in use have no other way to say it without one more package. */
function resourceOf(attributes: Readonly<Record<string, AttributeValue>>): Resource {
  return {
    attributes: { ...attributes },
    merge: (other) => resourceOf({ ...attributes, ...(other?.attributes as typeof attributes | undefined) }),
    getRawAttributes: () => Object.entries(attributes),
  }
}

export interface TracingSettings {
  /** OTLP over HTTP, without `/v1/traces`. */
  readonly endpoint: string
  /** Sent along, such as the collector's key. Never logged. */
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
}
