import type { SimulatorOptions, VendorSimulator } from './simulator/simulator.ts'

type Start = (options?: SimulatorOptions) => Promise<VendorSimulator>

/** Simulators by vendor id, loaded only when asked for: the gateway itself never needs one. */
export const simulators: Readonly<Record<string, () => Promise<Start>>> = {
  sentry: async () => (await import('./sentry/simulator/index.ts')).startSentry,
  crowdstrike: async () => (await import('./crowdstrike/simulator/index.ts')).startCrowdstrike,
}
