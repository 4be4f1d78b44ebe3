import { startCrowdstrike } from '../../src/simulators/crowdstrike/index.ts'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { startSentry } from '../../src/simulators/sentry/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'

/** One vendor under its limiter: the figure that binds joiners, and how to start its simulator with that figure times `factor`. */
export interface Subject {
  readonly vendor: string
  /** Of the calls that the limit counts. */
  readonly published: { readonly requests: number; readonly perMs: number }
  /** Calls of one joiner that count under it. */
  readonly callsEach: number
  /** What the run is scaled by, as real rates would take hours: short form, full form. */
  readonly factor: { readonly short: number; readonly full: number }
  /** Name of the role that every joiner gets. */
  readonly role: string
  /** Settings that scale the pace alike. */
  readonly settings: (factor: number) => Readonly<Record<string, unknown>>
  readonly start: (factor: number) => Promise<VendorSimulator>
}

/** Share of a published limit that Drawbridge uses unless configured. */
export const usualPercent = 90

const percent = (factor: number) => ({ ratePercent: usualPercent * factor })

export const subjects: readonly Subject[] = [
  {
    vendor: 'sentinelone',
    published: { requests: 40, perMs: 1_000 },
    callsEach: 1,
    factor: { short: 4, full: 4 },
    role: 'Viewer',
    settings: percent,
    start: (factor) => startSentinelone({ profile: 'current', toggles: { limits: factor } }),
  },
  {
    vendor: 'sisense',
    // Nothing is published: the pace is Drawbridge's own, and the simulator refuses what is beyond it.
    published: { requests: 50, perMs: 1_000 },
    callsEach: 1,
    factor: { short: 2, full: 2 },
    role: 'Viewer',
    settings: (factor) => ({ requestsPerSecond: 50 * factor, ratePercent: usualPercent }),
    start: (factor) => startSisense({ profile: 'current', toggles: { perSecond: 50 * factor } }),
  },
  {
    vendor: 'crowdstrike',
    published: { requests: 6_000, perMs: 60_000 },
    callsEach: 2,
    // A minute is the window: a run must outlast one for the limit to bind.
    factor: { short: 0.25, full: 1 },
    role: 'Event Viewer',
    settings: percent,
    async start(factor) {
      const simulator = await startCrowdstrike({ profile: 'current' })
      simulator.state.toggles.rateLimit = Math.floor(6_000 * factor)
      return simulator
    },
  },
  {
    vendor: 'sentry',
    published: { requests: 40, perMs: 1_000 },
    callsEach: 1,
    factor: { short: 4, full: 4 },
    role: 'Member',
    settings: percent,
    start: (factor) => startSentry({ profile: 'current', limits: factor }),
  },
]
