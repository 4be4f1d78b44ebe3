import { globSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The plan facts of every vendor folder, by vendor id; a vendor need not be registered yet. */
export async function planFacts() {
  const files = globSync('src/vendors/*/native-scim.ts', { cwd: root }).toSorted()
  const entries = files.map(async (file) => {
    const { nativeScim: plan } = await import(new URL(file, `file://${root}`).href)
    return [basename(dirname(file)), plan]
  })
  return new Map(await Promise.all(entries))
}

/** What native SCIM costs at each vendor, and one row for each thing that it lacks or asks for. */
export function planTables(plans, vendors) {
  const profilesOf = (id) => vendors.find((vendor) => vendor.id === id)?.profiles
  const nameOf = (id) => vendors.find((vendor) => vendor.id === id)?.name ?? id
  return [
    '## Native SCIM: plans and prices',
    '',
    'Prices change often; each is as its source told it on that day. Grades: **vendor** – the vendor’s own public pages or source; **survey** – a dated public survey read it there; **unverified** – a third party says so and nothing public of the vendor confirms it.',
    '',
    line(['vendor', 'plan', 'native SCIM', 'price', 'source', 'date', 'grade']),
    line(Array.from({ length: 7 }, () => '---')),
    ...[...plans].flatMap(([id, { plans: each }]) =>
      each.map(({ name, nativeScim, price, priceSource: { date, grade, ...source } }) =>
        line([nameOf(id), name, nativeScim, price, cited(source), date, grade]),
      ),
    ),
    '',
    ...[...plans].flatMap(([id, facts]) => [
      `## What native SCIM of ${nameOf(id)} lacks`,
      '',
      ...gaps(facts, profilesOf(id)),
      '',
    ]),
  ]
}

function gaps({ nativeScim, limitations }, spoken = ['current', 'legacy', 'guide']) {
  const profiles = spoken.filter((profile) => limitations.some(({ routes }) => routes[profile] !== undefined))
  const heads = ['id', 'limitation', 'Drawbridge instead']
  const routes = profiles.map((profile) => `REST route, ${profile}`)
  const columns = [...heads, ...routes, 'stays impossible', 'source', 'date', 'grade']
  return [
    `Native SCIM: ${nativeScim.offered}. Operations: ${nativeScim.operations}. Its token is made in ${nativeScim.token} and is none for the REST API. What shows that it made an account: ${nativeScim.sign ?? 'nothing that the REST API tells'}. Source: ${cited(nativeScim.source)}, ${nativeScim.source.date}, ${nativeScim.source.grade}.`,
    '',
    line(columns),
    line(columns.map(() => '---')),
    ...limitations.map(({ id, text, bridge, routes: by, remains, source }) =>
      line([
        `\`${id}\``,
        text,
        bridge,
        ...profiles.map((profile) => (by[profile] ? `\`${by[profile]}\`` : 'none: a deviation')),
        remains,
        cited(source),
        source.date,
        source.grade,
      ]),
    ),
  ]
}

function cited({ title, url }) {
  return url ? `[${title}](${url})` : title
}

function line(cells) {
  return `| ${cells.join(' | ')} |`
}
