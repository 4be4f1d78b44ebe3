// Lists the rows of docs/requirements.md that no test names; fails when such a row has no reason either. A row is named
// in the title of a test or a suite, as in `[R3-09] …` or `[R3-09, R3-10] …`.
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path) => readFileSync(`${root}${path}`, 'utf8')
const id = /\b(?:M|R[0-4])-\d{2}\b/g

const rows = [...read('docs/requirements.md').matchAll(/^\| ((?:M|R\d)-\d{2}) \|/gm)].map(([, row]) => row)
const open = JSON.parse(read('docs/requirements-open.json'))
const named = new Set(globSync('test/**/*.ts', { cwd: root }).flatMap((path) => rowsIn(read(path))))

const problems = [
  ...repeated(rows).map((row) => `${row} stands twice in docs/requirements.md`),
  ...rows
    .filter((row) => !named.has(row) && !open[row])
    .map((row) => `${row} has neither a test nor a reason in docs/requirements-open.json`),
  ...[...named, ...Object.keys(open)].filter((row) => !rows.includes(row)).map((row) => `${row} is no row`),
]
const without = rows.filter((row) => !named.has(row))
console.log(`${rows.length} rows, ${rows.length - without.length} with a test, ${without.length} open`)
if (process.argv.includes('--list'))
  for (const row of without) console.log(`${row}: ${open[row] ?? 'no reason'}`)
for (const row of rows.filter((each) => named.has(each) && open[each])) {
  console.log(`${row} has a test by now: take it out of docs/requirements-open.json`)
}
for (const problem of problems) console.error(problem)
process.exitCode = problems.length > 0 ? 1 : 0

/** Ids inside square brackets of a quoted text. */
function rowsIn(text) {
  return [...text.matchAll(/\[((?:(?:M|R[0-4])-\d{2}(?:, )?)+)\]/g)].flatMap(
    ([, list]) => list.match(id) ?? [],
  )
}

function repeated(list) {
  return list.filter((each, index) => list.indexOf(each) !== index)
}
