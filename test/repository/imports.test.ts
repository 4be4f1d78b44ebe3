import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { root } from './repository.ts'

const config = (await import(`${root}.dependency-cruiser.mjs`)) as {
  readonly default: { readonly forbidden: readonly { readonly name: string }[] }
}
const rules = config.default.forbidden.map(({ name }) => name)

/** Files of their own below src, where the others are folders. */
const alone = ['batch', 'egress', 'health', 'logger']

/** What stands above the command line in the list of floors: everything but the composition and the demo. */
const floors = rules.flatMap((rule) => (/^(?!app|demo)\w+-imports$/.test(rule) ? [rule.split('-')[0]!] : []))

/** Planted imports, and the rule that must catch each. */
const violations: readonly [rule: string, from: string, statement: string][] = [
  ...floors.map((floor): [string, string, string] =>
    alone.includes(floor)
      ? [`${floor}-imports`, `src/${floor}.ts`, `import './app/gateway.ts'`]
      : [`${floor}-imports`, `src/${floor}/reaching.ts`, `import '../app/gateway.ts'`],
  ),
  ['translators-imports', 'src/translators/plan.ts', `import '../scim/patch.ts'`],
  ['scim-imports', 'src/scim/knowing.ts', `import '../vendors/contract.ts'`],
  ['scim-imports', 'src/scim/deciding.ts', `import '../translators/plan.ts'`],
  ['store-imports', 'src/store/knowing.ts', `import '../provisioning/worker.ts'`],
  ['provisioning-imports', 'src/provisioning/knowing.ts', `import '../operations/explain.ts'`],
  ['vendors-imports', 'src/vendors/acme/knowing.ts', `import '../../scim/patch.ts'`],
  ['config-imports', 'src/config/knowing.ts', `import '../store/open.ts'`],
  ['admin-imports', 'src/admin/knowing.ts', `import '../operations/explain.ts'`],
  ['demo-imports', 'src/demo/knowing.ts', `import '../operations/explain.ts'`],
  [
    'model-imports',
    'src/model/errors.ts',
    `import type { Worker } from '../provisioning/worker.ts'\nexport type { Worker }`,
  ],
  ['vendor-island', 'src/vendors/acme/target.ts', `import '../bolt/target.ts'`],
  ['kit-knows-no-vendor', 'src/vendors/kit/knowing.ts', `import '../bolt/target.ts'`],
  ['simulators-apart', 'src/vendors/acme/cheating.ts', `import '../../simulators/acme/index.ts'`],
  ['demo-apart', 'src/app/showing.ts', `import '../demo/demo.ts'`],
  ['translators-are-pure', 'src/translators/pure.ts', `import 'node:fs'`],
  ['sql-at-home', 'src/operations/asking.ts', `import '../store/sql/statement.ts'`],
  ['undici-confined', 'src/provisioning/fetching.ts', `import 'undici'`],
  ['fastify-confined', 'src/store/serving.ts', `import 'fastify'`],
  ['scimmy-confined', 'src/scim/http/plugin.ts', `import 'scimmy'`],
  ['postgresql-confined', 'src/scim/querying.ts', `import 'pg'`],
  ['jobs-confined', 'src/operations/repeating.ts', `import 'pg-boss'`],
  ['command-line-confined', 'src/store/asking.ts', `import 'commander'`],
  ['patterns-confined', 'src/scim/matching.ts', `import 're2js'`],
  ['metrics-confined', 'src/store/counting.ts', `import 'prom-client'`],
  ['traces-confined', 'src/provisioning/tracing.ts', `import '@opentelemetry/api'`],
  ['mail-confined', 'src/provisioning/mailing.ts', `import 'nodemailer'`],
  ['yaml-confined', 'src/vendors/kit/reading.ts', `import 'yaml'`],
  ['no-development-packages', 'src/scim/testing.ts', `import 'fast-check'`],
  ['no-test-code', 'src/scim/tested.ts', `import '../../test/support.ts'`],
  ['no-unresolvable', 'src/scim/nowhere.ts', `import './missing.ts'`],
  ['no-circular', 'src/scim/about.ts', `import './round.ts'`],
  [
    'no-circular',
    'src/scim/here.ts',
    `import type { There } from './there.ts'\nexport type Here = There | 1`,
  ],
  ['no-orphans', 'src/scim/alone.ts', `export const alone = 1`],
]

const targets = [
  'src/scim/patch.ts',
  'src/vendors/contract.ts',
  'src/vendors/bolt/target.ts',
  'src/simulators/acme/index.ts',
  'src/provisioning/worker.ts',
  'src/store/open.ts',
  'src/app/gateway.ts',
  'src/demo/demo.ts',
  'src/operations/explain.ts',
  'test/support.ts',
  'src/store/sql/statement.ts',
]

interface Cruise {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[]
  }
}

describe('import rules', () => {
  let folder = ''
  let found: readonly string[] = []

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'drawbridge-imports-'))
    for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json'])
      copyFileSync(`${root}${file}`, join(folder, file))
    symlinkSync(`${root}node_modules`, join(folder, 'node_modules'))
    for (const path of targets) write(path, 'export const it = 1\n')
    write('src/scim/round.ts', `import './about.ts'\n`)
    write('src/scim/there.ts', `import type { Here } from './here.ts'\nexport type There = Here | 2\n`)
    for (const [, path, statement] of violations) write(path, `${statement}\n`)
    const cruiser = `${root}node_modules/dependency-cruiser/bin/dependency-cruise.mjs`
    const { stdout } = spawnSync(
      process.execPath,
      [cruiser, 'src', '--config', '.dependency-cruiser.mjs', '--output-type', 'json'],
      { cwd: folder, encoding: 'utf8' },
    )
    const { summary } = JSON.parse(stdout) as Cruise
    found = summary.violations.map(({ from, rule }) => `${rule.name} ${from}`)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }

  it('are each tried here, but for the composition, which may import everything', () => {
    const tried = new Set(violations.map(([rule]) => rule))
    assert.deepEqual(
      rules.filter((rule) => !tried.has(rule)),
      ['app-imports'],
    )
  })

  for (const [rule, from] of violations) {
    it(`catch a violation of ${rule} (${from})`, () => {
      assert.ok(
        found.includes(`${rule} ${from}`),
        `found: ${found.filter((each) => each.endsWith(from)).join() || 'nothing'}`,
      )
    })
  }
})
