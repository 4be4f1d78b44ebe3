import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path) => readFileSync(`${root}${path}`, 'utf8')
const states = ['yes', 'by choice', 'later']
const reports = 'docs/conformance/*.json'

/**
 * docs/scim-conformance.md: every check with its state and the tests that prove it, and what other projects' suites
 * found. `problems` names what stands without proof: checks that are missing, tests that do not exist.
 */
export function conformancePage(sections = JSON.parse(read('tools/conformance/checks.json'))) {
  const steps = new Set(trafficSteps())
  const tagged = taggedTests()
  const rows = sections.flatMap((section) => section.rows)
  const proofs = new Map(rows.map((row) => [row.id, [...(tagged.get(row.id) ?? []), ...listed(row, steps)]]))
  const problems = [
    ...sections.flatMap(missing),
    ...rows.flatMap((row) => faultsOf(row, proofs.get(row.id))),
    ...repeated(rows.map(({ id }) => id)).map((id) => `${id} stands twice`),
  ].map((problem) => `tools/conformance/checks.json: ${problem}`)
  return { text: page(sections, proofs), problems }
}

/** Tests that name checks in their titles, as in `[T-08] …` or `[D-03] [D-07] …`. */
function taggedTests() {
  const found = new Map()
  for (const path of globSync('test/**/*.test.ts', { cwd: root }).toSorted()) {
    for (const [, , tags, title] of read(path).matchAll(/(['`])((?:\[[A-Z]{1,2}-\d\d\] )+)(.*?)\1/g)) {
      for (const [, id] of tags.matchAll(/\[([A-Z]{1,2}-\d\d)\]/g)) {
        found.set(id, [...(found.get(id) ?? []), { path, title }])
      }
    }
  }
  return found
}

function trafficSteps() {
  const traffic = JSON.parse(read('test/fixtures/idp-traffic.json'))
  return traffic.sequences.flatMap(({ steps }) => steps.map(({ id }) => id))
}

/** Proofs that a check names itself: `traffic: <step>`, or the path of a test, a colon, and how its title begins. */
function listed({ proof = [] }, steps) {
  return proof.map((text) => {
    const at = text.indexOf(': ')
    const [path, title] = [text.slice(0, at), text.slice(at + 2)]
    if (path === 'traffic') {
      return { path: 'test/fixtures/idp-traffic.json', title, exists: steps.has(title) }
    }
    return { path, title, exists: hasTitle(path, title) }
  })
}

function hasTitle(path, title) {
  try {
    const text = read(path)
    return ["'", '`', '] '].some((before) => text.includes(before + title))
  } catch {
    return false
  }
}

/** Ids are numbered without gaps: `ids` says how many there are of each letter. */
function missing({ ids = {}, rows, title }) {
  const there = new Set(rows.map(({ id }) => id))
  const wanted = Object.entries(ids).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, index) => `${letter}-${String(index + 1).padStart(2, '0')}`),
  )
  const lacking = wanted.filter((id) => !there.has(id)).map((id) => `${id} is missing (${title})`)
  const extra = [...there].filter((id) => /^[A-Z]{1,2}-\d\d$/.test(id) && !wanted.includes(id))
  return [...lacking, ...extra.map((id) => `${id} is beyond the number of checks (${title})`)]
}

function faultsOf({ id, state, why }, proofs) {
  return [
    ...proofs
      .filter(({ exists }) => exists === false)
      .map(({ path, title }) => `${id}: no "${title}" in ${path}`),
    ...(states.includes(state) ? [] : [`${id}: no such state as ${state}`]),
    ...(state !== 'later' && proofs.length === 0 ? [`${id}: nothing proves it`] : []),
    ...(state !== 'yes' && !why ? [`${id}: needs a reason`] : []),
  ]
}

function repeated(list) {
  return list.filter((each, index) => list.indexOf(each) !== index)
}

function page(sections, proofs) {
  const all = sections.flatMap(({ rows }) => rows)
  const count = (state) => all.filter((row) => row.state === state).length
  return [
    '# SCIM conformance',
    '',
    'Generated (`npm run schema:write`) from [checks.json](../tools/conformance/checks.json) and the titles of the tests; `npm run check` fails when a check has no test or a test is gone. Ids such as `T-08` are kept for good, and tests carry them in their titles; `OK-…` and `EN-…` are steps of the recorded traffic of Okta and Entra ID.',
    '',
    `${all.length} checks: ${count('yes')} yes, ${count('by choice')} by choice, ${count('later')} later. **By choice**: the specification or the clients leave it open, contradict each other, or harm people if read to the letter; the reason is given. What in doubt is strict is in [principles.md](principles.md#in-doubt-the-specification).`,
    '',
    ...suiteReport(),
    ...sections.flatMap(({ title, rows }) => [
      `## ${title}`,
      '',
      '| check | level | what | state | proof |',
      '| --- | --- | --- | --- | --- |',
      ...rows.map((row) => line(row, proofs.get(row.id))),
      '',
    ]),
  ].join('\n')
}

function line({ id, level, what, state, why }, proofs) {
  // A test that names the check itself is there with its whole title.
  const titles = proofs.filter(
    (one) => !proofs.some((other) => other !== one && other.path === one.path && begins(other, one)),
  )
  const said = why ? `${what}. ${why}` : what
  const links = new Set(titles.map(({ path, title }) => link(path, title)))
  return `| ${id} | ${level} | ${said} | ${state} | ${[...links].join('<br>')} |`
}

function begins(other, { title }) {
  return other.title.startsWith(title) && other.title.length > title.length
}

function link(path, title) {
  const words = title
    .replaceAll(/\$\{[^{}]*(\{[^{}]*\}[^{}]*)*\}/g, '…')
    .replaceAll('|', '\\|')
    .replaceAll(/[[\]<>*_]/g, (sign) => `\\${sign}`)
  return `[${words}](../${path})`
}

function suiteReport() {
  const results = globSync(reports, { cwd: root })
    .toSorted()
    .map((path) => ({ path, ...JSON.parse(read(path)) }))
  const lines = results.flatMap(({ path, suite, from, version, runs }) =>
    Object.entries(runs).map(([client, { passed, failed, known, skipped }]) => {
      const counts = [passed, failed.length, known.length, skipped.length].join(' | ')
      return `| [${suite}](${path.replace('docs/', '')}) | ${from} | ${version} | ${client} | ${counts} |`
    }),
  )
  return [
    '## Suites of other projects',
    '',
    '`npm run test:suites` runs them against the gateway on loopback. Known failures are in [known.json](../tools/suites/known.json), each with the line of the specification that it goes against or with the choice behind it; a failure that is not there, and an entry that nothing needs any more, are faults. Suites that cannot be had on a machine are skipped with their reason.',
    '',
    '| suite | from | version | client | passed | failed | known | skipped |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ]
}
