import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RunTracing, TracedCall } from '../model/trace.ts'

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** The caller's span, from the header `traceparent` (W3C Trace Context §3.2); undefined when it is none. */
export function callerOf(header: string | string[] | undefined): SpanContext | undefined {
  if (typeof header !== 'string') return undefined
  const [, version, traceId = '', spanId = '', flags = '', more] = form.exec(header.trim()) ?? []
  // Later versions may add fields, version 00 may not, and ff is forbidden.
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined
  const caller = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
  return isSpanContextValid(caller) ? caller : undefined
}

const scimPrefix = '/scim/v2'
const patienceMs = 5_000

/**
 * Spans hold route patterns, statuses, ids of our own and names that operators gave. No address of a vendor or a request:
 * both can hold names of people.
 */
export function createSpans(provider: BasicTracerProvider): Tracing {
  const tracer = provider.getTracer('drawbridge')
  const atWork = new AsyncLocalStorage<Context>()

  return {
    runs: runsBy((name, attributes) => {
      const parent = atWork.getStore() ?? ROOT_CONTEXT
      const span = tracer.startSpan(name, { kind: SpanKind.INTERNAL, attributes }, parent)
      return { span, within: (work) => atWork.run(trace.setSpan(parent, span), work) }
    }),

    call({ vendor, operation, method, status, startedAt, endedAt }: TracedCall) {
      const attributes = {
        'drawbridge.vendor': vendor,
        'drawbridge.operation': operation,
        'http.request.method': method,
        ...(status === undefined ? {} : { 'http.response.status_code': status }),
      }
      const span = tracer.startSpan(
        `${vendor} ${operation}`,
        { kind: SpanKind.CLIENT, attributes, startTime: startedAt },
        atWork.getStore() ?? ROOT_CONTEXT,
      )
      if (status === undefined || status >= 400) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end(endedAt)
    },

    register(app) {
      const spans = new WeakMap<FastifyRequest, Span>()
      followRequests(app, {
        spans,
        begin(request, startTime) {
          const caller = callerOf(request.headers['traceparent'])
          const parent = caller ? trace.setSpanContext(ROOT_CONTEXT, caller) : ROOT_CONTEXT
          const route = request.routeOptions.url ?? 'unknown'
          const attributes = { 'http.request.method': request.method, 'http.route': route }
          const span = tracer.startSpan(
            `${request.method} ${route}`,
            { kind: SpanKind.SERVER, attributes, startTime },
            parent,
          )
          span.setAttribute('drawbridge.request_id', request.id)
          return span
        },
        within: (span, work) => atWork.run(trace.setSpan(ROOT_CONTEXT, span), work),
      })
    },

    async close() {
      let timer: NodeJS.Timeout | undefined
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, patienceMs)
      })
      await Promise.race([provider.shutdown().catch(() => {}), patience])
      clearTimeout(timer)
    },
  }
}

interface Begun {
  readonly span: Span
  readonly within: <T>(work: () => T) => T
}

function runsBy(begin: (name: string, attributes: Record<string, string | number>) => Begun): RunTracing {
  return {
    async run({ what, id, connection, vendor, priority }, work) {
      const { span, within } = begin(`${what} run`, {
        'drawbridge.connection': connection,
        'drawbridge.vendor': vendor,
        [`drawbridge.${what}`]: id,
        'drawbridge.priority': priority,
      })
      try {
        return await within(() =>
          work(({ status, failure }) => {
            span.setAttribute('drawbridge.status', status)
            if (failure === undefined) return
            span.setAttribute('drawbridge.failure', failure)
            span.setStatus({ code: SpanStatusCode.ERROR })
          }),
        )
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR })
        throw error
      } finally {
        span.end()
      }
    },
  }
}

interface Following {
  readonly spans: WeakMap<FastifyRequest, Span>
  begin(request: FastifyRequest, startTime: number): Span
  within(span: Span, work: () => void): void
}

/**
 * A request has a span once its token was accepted: strangers neither fill the collector nor choose what is kept. The hooks
 * before the handler run in the socket's context once a body was read, so the span is put to work after that.
 */
function followRequests(app: FastifyInstance, { spans, begin, within }: Following): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (request.routeOptions.url?.startsWith(scimPrefix))
      spans.set(request, begin(request, Date.now() - reply.elapsedTime))
    done(null, payload)
  })
  app.addHook('preValidation', (request, _reply, done) => {
    const span = spans.get(request)
    if (span) within(span, done)
    else done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request)
    span?.setAttribute('http.response.status_code', reply.statusCode)
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR })
    span?.end()
    done()
  })
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
