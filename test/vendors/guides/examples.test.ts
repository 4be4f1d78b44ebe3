import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Target } from '../../../src/vendors/contract.ts'
import { vendorOf } from '../../../src/vendors/registry.ts'
import { simulators } from '../../../src/simulators/registry.ts'
import type { SimulatorOptions, VendorSimulator } from '../../../src/simulators/simulator.ts'
import { openKit, openTarget } from '../../contract/target.ts'
import { type Acts, actsOf } from './acts.ts'
import { type Example, guideOf, vendorsOfGuides } from './guide.ts'

interface Stage {
  readonly simulator: VendorSimulator
  readonly target: Target
  readonly examples: readonly Example[]
}

async function stage(t: TestContext, vendor: string): Promise<Stage> {
  const start = await simulators[vendor]!()
  const simulator = await start({ profile: 'guide' } as SimulatorOptions)
  const kit = openKit()
  t.after(async () => {
    await simulator.close()
    await kit.dispatcher.close()
  })
  const { settings } = simulator.connection('guide')
  const account = String(settings['account'] ?? '')
  const organization = String(settings['organization'] ?? '')
  const { examples } = guideOf(vendor, { accountId: account })
  const moved = JSON.parse(
    JSON.stringify(examples).replaceAll('/organizations/my-org/', `/organizations/${organization}/`),
  ) as readonly Example[]
  return { simulator, target: openTarget(vendorOf(vendor)!, simulator, 'guide', kit), examples: moved }
}

/** Answers as the guide prints it, as often as the act calls. */
function answer({ simulator }: Stage, { request: { method, path }, response }: Example, times = 1): void {
  const body = response.body === undefined ? {} : { body: response.body }
  simulator.failNext({ method, path, status: response.status, ...body, times })
}

/** What went out of the kind that the example shows; bodies of several calls together. */
function sent({ simulator }: Stage, { request }: Example) {
  const calls = simulator.trace.filter(
    ({ method, path }) => method === request.method && path === request.path,
  )
  const bodies = calls.flatMap(({ body }) => (body === undefined ? [] : [body as { readonly data?: object }]))
  const inEnvelope = bodies.some(({ data }) => data !== undefined)
  const merged = Object.assign({}, ...bodies.map((body) => (inEnvelope ? body.data : body))) as object
  const body = bodies.length === 0 ? undefined : inEnvelope ? { data: merged } : merged
  return { calls, body }
}

for (const vendor of vendorsOfGuides) {
  describe(`examples of the ${vendor} guide, profile guide`, () => {
    const acts: Acts = actsOf[vendor]

    it('[M-19] are all carried out: each request and each response of the guide', () => {
      assert.deepEqual(
        Object.keys(acts).toSorted(),
        guideOf(vendor)
          .examples.map(({ id }) => id)
          .toSorted(),
      )
    })

    for (const id of Object.keys(acts)) {
      it(`[M-19] ${id}: goes out as the guide shows it, and its response is understood`, async (t) => {
        const own = await stage(t, vendor)
        const { target, examples } = own
        const example = examples.find((each) => each.id === id)!
        const others = (name: string) =>
          answer(
            own,
            examples.find((each) => each.id === name)!,
          )
        const act = acts[id]!
        await act.before?.(target, others)
        answer(own, example, act.times)
        await act.run(target, own.simulator)
        const { calls, body } = sent(own, example)
        const answered = calls.filter(({ status }) => status === example.response.status)
        assert.ok(answered.length >= (act.times ?? 1), JSON.stringify(own.simulator.trace))
        const expected = { ...example.request.query, ...example.differs }
        assert.ok(
          calls.some(({ query }) => JSON.stringify(sorted(query)) === JSON.stringify(sorted(expected))),
          `${JSON.stringify(calls.map(({ query }) => query))} for ${JSON.stringify(expected)}`,
        )
        assert.deepEqual(body, example.request.body)
      })
    }
  })
}

function sorted(query: object): object {
  return Object.fromEntries(Object.entries(query).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
