import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { NativeScimFacts, Source } from '../../src/vendors/native-scim.ts'
import { vendors } from '../../src/vendors/registry.ts'
import { files, read, root } from './repository.ts'

/**
 * Each limitation that the public API guides list for a vendor's native SCIM, in the guide's order and in a word that
 * the row must hold; the last ones of some vendors are told by the guide elsewhere.
 */
const told: Readonly<Record<string, readonly (readonly [id: string, word: RegExp])[]>> = {
  sentinelone: [
    ['okta-only', /Okta/],
    ['sso-first', /single sign-on/],
    ['endpoint-and-token', /made in the console/],
    ['deactivates-only', /deactivated/],
    ['groups-mapped-by-hand', /by hand/],
    ['plan', /Singularity Enterprise, not Core, Control or Complete/],
  ],
  sisense: [
    ['sso-first', /single sign-on/],
    ['plan', /Enterprise/],
    ['token', /Admin > Security/],
    ['identity-providers', /Okta and Entra ID/],
    ['groups-are-not-roles', /never roles/],
  ],
  crowdstrike: [
    ['sso-first', /SAML/],
    ['provider-only', /Okta, Entra ID or OneLogin/],
    ['google-workspace', /Google Workspace/],
    ['token-rotation', /new SCIM token/],
    ['plan', /Enterprise and above/],
    ['groups-post-only', /Groups can be made and not changed/],
    ['no-delete', /not deleted/],
  ],
  sentry: [
    ['plan', /Business and Enterprise/],
    ['sso-first', /SAML/],
    ['trial', /Trial/],
    ['token', /no API auth token/],
    ['patch-active-only', /active=false and nothing else/],
    ['jit', /single sign-on were never pushed/],
    ['groups-are-teams', /slug/],
    ['deprovision', /leave the member behind/],
    ['owner', /owner/],
    ['team-roles', /team roles/],
  ],
}

const nameOf = (id: string): string => vendors.find((vendor) => vendor.id === id)?.name ?? id
const facts = new Map<string, NativeScimFacts>()
for (const path of files('src/vendors/*/native-scim.ts')) {
  const { nativeScim } = (await import(pathToFileURL(`${root}${path}`).href)) as {
    nativeScim: NativeScimFacts
  }
  facts.set(path.split('/')[2]!, nativeScim)
}
const page = read('docs/vendors/capabilities.md')
const sourcesOf = ({ nativeScim, plans, limitations }: NativeScimFacts): readonly Source[] => [
  nativeScim.source,
  ...plans.map(({ priceSource }) => priceSource),
  ...limitations.map(({ source }) => source),
]

describe('plan facts', () => {
  it('[M-05] are there for every vendor of the guides', () => {
    const missing = Object.keys(told).filter((vendor) => !facts.has(vendor))
    assert.deepEqual(missing, [])
  })

  for (const [vendor, { limitations, ...plan }] of facts) {
    it(`[M-12] of ${vendor} name a source, its day and its grade for every price and row`, () => {
      for (const { title, date, grade } of sourcesOf({ ...plan, limitations })) {
        assert.ok(title)
        assert.match(date, /^20\d\d-\d\d-\d\d$/)
        assert.ok(Date.parse(date) <= Date.now())
        assert.ok(['vendor', 'survey', 'unverified'].includes(grade))
      }
      for (const { name, price, priceSource } of plan.plans) {
        const rows = page.split('\n').filter((line) => line.includes(`| ${name} |`) && line.includes(price))
        const row = rows.find((line) => line.startsWith(`| ${nameOf(vendor)} |`))
        assert.ok(row?.includes(priceSource.date) && row.includes(priceSource.grade), name)
      }
    })

    const guide = told[vendor]
    if (!guide) continue
    it(`[M-05] of ${vendor} answer each limitation that its guide lists, one row each`, () => {
      assert.deepEqual(
        limitations.map(({ id }) => id),
        guide.map(([id]) => id),
      )
      for (const [index, [id, word]] of guide.entries()) {
        const { text, bridge, routes, remains } = limitations[index]!
        assert.match(text, word)
        assert.ok(bridge && remains && routes.current && routes.guide, id)
        const rows = page.split('\n').filter((line) => line.startsWith(`| \`${id}\` | ${text} | ${bridge} |`))
        assert.equal(rows.length, 1, id)
        assert.ok(rows[0]!.includes(routes.current) && rows[0]!.includes(remains), id)
      }
    })
  }

  const unverified: readonly (readonly [row: string, vendor: string])[] = [
    ['[R0-38]', 'sentinelone'],
    ['[R2-25]', 'sisense'],
    ['[R3-29]', 'crowdstrike'],
  ]
  for (const [row, vendor] of unverified) {
    it(`${row} claim native SCIM of ${vendor} only as unverified`, () => {
      const { nativeScim, limitations } = facts.get(vendor)!
      assert.equal(nativeScim.source.grade, 'unverified')
      assert.ok(limitations.every(({ source }) => source.grade === 'unverified'))
      assert.match(nativeScim.offered, /said to/)
    })
  }

  it('[R4-27] tell native SCIM of Sentry: plans without Trial, SAML first, a token of its own, PATCH of active', () => {
    const { plans, nativeScim } = facts.get('sentry')!
    const byPlan = Object.fromEntries(plans.map((plan) => [plan.name, plan.nativeScim]))
    assert.deepEqual(byPlan, { Developer: 'no', Team: 'no', Business: 'yes', Enterprise: 'yes', Trial: 'no' })
    assert.match(nativeScim.offered, /SAML/)
  })
})
