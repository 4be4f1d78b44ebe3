import type { FastifyInstance } from 'fastify'
import type { BaseLogger } from 'pino'
import type { RunTracing, TracedCall } from '../model/trace.ts'

export interface TracingSettings {
  /** OTLP over HTTP, without `/v1/traces`. */
  readonly endpoint: string
  /** Sent along, such as the collector's key. Never logged. */
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
}

/** Traces of one process: SCIM request, run of an account, vendor call. */
export interface Tracing {
  /** Absent without a collector: what is not traced costs nothing. */
  readonly runs?: RunTracing
  /** A span of the run or request at work. */
  readonly call?: (call: TracedCall) => void
  /** Follows the SCIM requests; register it before their routes. */
  register(app: FastifyInstance): void
  /** Sends what is left, for a few seconds. */
  close(): Promise<void>
}

const untraced: Tracing = { register: () => {}, close: async () => {} }

/** Loads OpenTelemetry only when there is somewhere to send to. */
export async function openTracing(
  settings: TracingSettings | undefined,
  log: Pick<BaseLogger, 'warn'>,
): Promise<Tracing> {
  if (!settings) return untraced
  const [{ createSpans }, { otlpProvider }] = await Promise.all([import('./spans.ts'), import('./otlp.ts')])
  return createSpans(otlpProvider(settings, log))
}
