// Writes the documents that are generated from the source; with --check it only says whether they are up to date.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publishedSchema } from '../src/config/json-schema.ts'
import { vendors } from '../src/vendors/registry.ts'
import { capabilitiesPage } from './capabilities-page.mjs'
import { commandLinePage } from './command-line-page.mjs'
import { conformancePage } from './conformance-page.mjs'
import { errorsPage } from './errors-page.mjs'
import { planFacts } from './plan-tables.mjs'

const conformance = conformancePage()
const documents = {
  'docs/command-line.md': commandLinePage(),
  'docs/errors.md': errorsPage(),
  'docs/schemas/drawbridge.schema.json': `${JSON.stringify(publishedSchema(vendors), null, 2)}\n`,
  'docs/scim-conformance.md': conformance.text,
  'docs/vendors/capabilities.md': capabilitiesPage(vendors, await planFacts()),
}

for (const problem of conformance.problems) {
  console.error(problem)
  process.exitCode = 1
}

for (const [path, text] of Object.entries(documents)) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url))
  if (current(file) === text) continue
  if (process.argv.includes('--check')) {
    console.error(`${path} is stale: run "npm run schema:write".`)
    process.exitCode = 1
  } else {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    console.log(`${path} written`)
  }
}

function current(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
