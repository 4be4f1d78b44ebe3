import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { vendors } from '../../src/vendors/registry.ts'
import { simulators } from '../../src/simulators/registry.ts'
import type { SimulatorOptions, VendorSimulator } from '../../src/simulators/simulator.ts'
import { askDoctor } from './doctor.ts'
import type { ApiProfile } from '../../src/model/account.ts'

/** A plan of each vendor without native SCIM, and what a refused token is compared with. */
const known: Readonly<Record<string, { readonly plan: string; readonly token: RegExp }>> = {
  cloudflare: { plan: 'Business', token: /Manage Account > Members/ },
  crowdstrike: { plan: 'Falcon Go', token: /Falcon console/ },
  datadog: { plan: 'Free', token: /Application Keys, of a service account/ },
  metabase: { plan: 'Starter', token: /Authentication > User provisioning/ },
  sentinelone: { plan: 'Core', token: /Settings > SSO/ },
  sentry: { plan: 'Team', token: /Settings > Auth/ },
  sisense: { plan: 'Self-serve', token: /Admin > Security/ },
}

/** Every simulator takes the profile that it is to speak beside the options that all have. */
async function startAs(vendor: string, profile: ApiProfile): Promise<VendorSimulator> {
  const start = await simulators[vendor]!()
  return start({ profile } as SimulatorOptions)
}

for (const vendor of vendors) {
  for (const profile of vendor.profiles) {
    describe(`doctor, ${vendor.name} in profile ${profile}`, () => {
      it('[M-06, R2-03] finds good credentials well, each reading route answering, and native SCIM locked', async (t) => {
        const simulator = await startAs(vendor.id, profile)
        t.after(() => simulator.close())
        const { plan } = known[vendor.id]!
        const { settings, credentials } = simulator.connection(profile)
        const { code, report, page } = await askDoctor(simulator, {
          profile,
          settings: { ...settings, plan },
          credentials,
        })
        assert.equal(code, 0, page)
        assert.equal(report.profile.used, profile)
        assert.equal(report.nativeScim, 'locked')
        assert.ok(report.gaps?.limitations.every(({ text }) => page.includes(text)))
        assert.deepEqual(
          report.routes.filter(({ state }) => state === 'failed'),
          [],
        )
      })

      it('[R0-39, R4-04] "the SCIM token is separate from user API tokens": says that it does not work here', async (t) => {
        const simulator = await startAs(vendor.id, profile)
        t.after(() => simulator.close())
        const { settings, credentials } = simulator.connection(profile)
        const pasted = Object.fromEntries(Object.keys(credentials).map((key) => [key, 'pasted-scim-token']))
        const { code, finding, page } = await askDoctor(simulator, {
          profile,
          settings,
          credentials: pasted,
        })
        assert.equal(code, 1, page)
        assert.match(finding('credentials'), /own SCIM \(.*\) does not work here/)
        assert.match(finding('credentials'), known[vendor.id]!.token)
        assert.ok(!page.includes('pasted-scim-token'))
      })
    })
  }
}
