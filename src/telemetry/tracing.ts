import type { BaseLogger } from 'pino'
import type { TracingSettings } from './otlp.ts'
import type { Tracing } from './spans.ts'

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
