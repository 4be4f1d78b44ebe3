// The shape of src in figures: its files and lines without generated code and simulators, files of interfaces that wait for
// an implementation (ports.ts), folders of one or two files, and cycles of imports, type imports counted.
// `npm run measure:house -- [--root FOLDER]`; another checkout can be measured by its folder.
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cruise } from 'dependency-cruiser'

const { values } = parseArgs({
  options: { root: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) } },
})
const root = resolve(values.root)
const apart = /(^|\/)(generated|simulators?)\//

const files = globSync('src/**/*.ts', { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => !apart.test(file))
const lines = files
  .map((file) => readFileSync(join(root, file), 'utf8').split('\n').length - 1)
  .toSorted((a, b) => a - b)
const folders = Map.groupBy(files, (file) => dirname(file))
const small = [...folders].filter(([folder, held]) => folder !== 'src' && held.length <= 2)

console.log(`files                       ${files.length}`)
console.log(`lines                       ${lines.reduce((sum, each) => sum + each, 0)}`)
console.log(`median lines of a file      ${lines[Math.floor(lines.length / 2)]}`)
console.log(`folders                     ${folders.size}`)
console.log(`folders of one or two files ${small.length}`)
console.log(`files called ports.ts       ${files.filter((file) => basename(file) === 'ports.ts').length}`)
console.log(`cycles of imports           ${await cycles()}`)

async function cycles() {
  const { output } = await cruise(['src'], {
    baseDir: root,
    exclude: { path: apart.source },
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    validate: true,
    ruleSet: {
      forbidden: [{ name: 'no-circular', severity: 'error', from: {}, to: { circular: true } }],
    },
  })
  return output.summary.violations.length
}
