import type { SimulatorOptions, VendorSimulator } from './simulator.ts'

type Start = (options?: SimulatorOptions) => Promise<VendorSimulator>

/** Simulators by vendor id, loaded only when asked for: the gateway itself never needs one. */
export const simulators: Readonly<Record<string, () => Promise<Start>>> = {
  sentinelone: async () => (await import('./sentinelone/index.ts')).startSentinelone,
  sentry: async () => (await import('./sentry/index.ts')).startSentry,
  sisense: async () => (await import('./sisense/index.ts')).startSisense,
  cloudflare: async () => (await import('./cloudflare/index.ts')).startCloudflare,
  datadog: async () => (await import('./datadog/index.ts')).startDatadog,
  metabase: async () => (await import('./metabase/index.ts')).startMetabase,
  crowdstrike: async () => (await import('./crowdstrike/index.ts')).startCrowdstrike,
}
