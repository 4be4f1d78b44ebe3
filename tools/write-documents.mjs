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
import { declarationOf } from '../src/vendors/rest/define.ts'
import { planFacts } from './plan-tables.mjs'
import { vendorPage } from './vendor-page.mjs'

const conformance = conformancePage()
const documents = {
  'docs/command-line.md': commandLinePage(),
  'docs/errors.md': errorsPage(),
  'docs/schemas/drawbridge.schema.json': `${JSON.stringify(publishedSchema(vendors), null, 2)}\n`,
  'docs/scim-conformance.md': conformance.text,
  'docs/vendors/capabilities.md': capabilitiesPage(vendors, await planFacts()),
  ...Object.fromEntries(
    vendors.flatMap((vendor) => {
      const declared = declarationOf(vendor)
      return declared ? [[`docs/vendors/${vendor.id}.md`, vendorPage(vendor, declared)]] : []
    }),
  ),
  'README.md': withVendors(readFileSync(new URL('../README.md', import.meta.url), 'utf8')),
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

/** The list of declared vendors between its marks. */
function withVendors(text) {
  const rows = vendors.flatMap((vendor) => {
    const declared = declarationOf(vendor)
    if (!declared) return []
    const { account } = declared.can
    const [how, off] = [
      account.create === 'invite' ? 'invited' : 'created directly',
      vendor.deprovision.inactive.join(', then '),
    ]
    const kinds = Object.keys(declared.can.entitlements).map((kind) => `${kind}s`)
    return [`| [${vendor.name}](docs/vendors/${vendor.id}.md) | ${how} | ${kinds.join(', ')} | ${off} |`]
  })
  const table = ['| | New account | Granted by rules | Deactivated person |', '|---|---|---|---|', ...rows]
  return text.replace(
    /(<!-- declared vendors -->)[\s\S]*(<!-- end -->)/,
    (_, start, end) => `${start}\n\n${table.join('\n')}\n\n${end}`,
  )
}

function current(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
