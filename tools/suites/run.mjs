// Runs test suites of other projects against a gateway on loopback, and keeps what they found in
// docs/conformance/. `npm run test:suites [-- <suite>…]`; CONTRIBUTING.md says what it needs.
import { readFileSync } from 'node:fs'
import { startSuiteGateway } from './gateway.mjs'
import { judge } from './judge.mjs'
import { writeResult } from './results.mjs'
import { scim2TestSuite } from './scim2-test-suite.mjs'
import { scim2Tester } from './scim2-tester.mjs'
import { scimSanity } from './scim-sanity.mjs'

const suites = [scim2Tester, scimSanity, scim2TestSuite]
const known = JSON.parse(readFileSync(new URL('known.json', import.meta.url), 'utf8'))

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !suites.some((suite) => suite.name === name))
if (unknown.length > 0) {
  console.error(`no suite ${unknown.join(', ')}; there are ${suites.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

let faults = 0
let ran = 0
for (const suite of suites) {
  if (asked.length > 0 && !asked.includes(suite.name)) continue
  console.log(`\n${suite.name} (${suite.from})`)
  const { skip, version, run } = await suite.prepare()
  if (skip) {
    console.log(`  skipped: ${skip}`)
    continue
  }
  ran++
  faults += await runSuite(suite, version, run)
}
console.log(`\n${ran} suites ran, ${faults} faults`)
process.exitCode = faults === 0 ? 0 : 1

/** The number of faults: failures that known.json does not name, and what it names without need. */
async function runSuite(suite, version, run) {
  const entries = known.filter((entry) => entry.suite === suite.name)
  const used = new Set()
  const runs = {}
  let faults = 0
  const gateway = await startSuiteGateway(suite)
  try {
    for (const client of suite.clients) {
      const checks = await run({ url: gateway.url, token: gateway.tokens[client] })
      const verdict = judge(checks, entries, client)
      for (const entry of verdict.used) used.add(entry)
      report(client, verdict)
      const { passed, failed, skipped } = verdict
      faults += failed.length + (passed === 0 ? 1 : 0)
      runs[client] = { passed, failed, known: verdict.known, skipped }
    }
  } finally {
    await gateway.close()
  }
  for (const { checks, detail } of entries.filter((entry) => !used.has(entry))) {
    console.log(`  known.json names what no longer fails: ${checks.join(', ')} (${detail})`)
    faults++
  }
  await writeResult({ suite: suite.name, from: suite.from, version, runs })
  return faults
}

function report(client, { passed, failed, known, skipped }) {
  const counts = `${passed} passed, ${failed.length} failed, ${known.length} known, ${skipped.length} skipped`
  console.log(`  client ${client}: ${counts}`)
  for (const { check, detail } of failed) console.log(`    failed: ${check}: ${detail}`)
  for (const { check, detail } of skipped) console.log(`    skipped: ${check}: ${detail}`)
}
