import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolve } from '../../../../src/translators/entitlements/catalogue.ts'
import { ofOneLevel } from '../../../../src/translators/rules/rules.ts'
import type { WantedEntitlement } from '../../../../src/model/plan.ts'
import { type Capabilities } from '../../../../src/model/capabilities.ts'
import { falcon, support } from '../builders.ts'
import { type Entitlement, entitlementKey, type Scope } from '../../../../src/model/account.ts'

const inScope = (
  id: string,
  level: Scope['level'],
  scope: string,
  given: Partial<Entitlement> = {},
): Entitlement => ({
  kind: 'role',
  id,
  name: id.toUpperCase(),
  scope: { level, id: scope },
  ...given,
})
const catalogue = [
  inScope('soc', 'account', '1', { scopeName: 'Acme', home: true }),
  inScope('it', 'account', '1', { scopeName: 'Acme', home: true }),
  inScope('soc', 'site', '11', { scopeName: 'EMEA' }),
  inScope('soc', 'site', '12', { scopeName: 'Twin' }),
  inScope('soc', 'site', '13', { scopeName: 'twin' }),
]

describe('scopes in the catalogue', () => {
  const asked = (scope?: { readonly [level: string]: string }, entries = catalogue): string => {
    const found = resolve({ kind: 'role', name: 'SOC', ...(scope ? { scope } : {}) }, entries)
    return found.kind === 'found'
      ? [found.entitlement, ...found.further].map(entitlementKey).join()
      : found.kind
  }
  const cases: readonly [what: string, found: string, expected: string][] = [
    ['by name, letter case aside', asked({ site: ' emea ' }), 'role:soc@site:11'],
    ['by id', asked({ site: '12' }), 'role:soc@site:12'],
    ['at their own level only', asked({ account: 'EMEA' }), 'unknown'],
    ['as ambiguous when two have the name', asked({ site: 'Twin' }), 'ambiguous'],
    ['as home when none is named', asked(), 'role:soc@account:1'],
  ]
  for (const [what, found, expected] of cases) {
    it(`are found ${what}`, () => assert.equal(found, expected))
  }

  it('that are home together are meant together', () => {
    const homes = catalogue.map((each): Entitlement => ({ ...each, home: true })).slice(2, 4)
    assert.equal(asked(undefined, homes), 'role:soc@site:11,role:soc@site:12')
  })

  it('do not hide that a name means two roles', () => {
    const twice = [...catalogue, inScope('soc2', 'account', '1', { name: 'SOC', home: true })]
    const named = resolve({ kind: 'role', name: 'soc' }, twice)
    assert.equal(named.kind, 'found', 'an id comes first')
    const byName = [inScope('a', 'account', '1', { name: 'SOC', home: true }), ...twice.slice(-1)]
    assert.equal(asked(undefined, byName), 'ambiguous')
  })
})

describe('one scope level', () => {
  const can: Capabilities = {
    ...falcon,
    entitlements: { role: support({ perAccount: 'one', scopeLevels: 'one' }) },
  }
  const wanted = (entry: Entitlement, rule: number | 'default'): WantedEntitlement => ({
    ref: { kind: 'role', id: entry.id, ...(entry.scope ? { scope: entry.scope } : {}) },
    name: entry.name,
    reasons: [{ rule }],
    requests: [entitlementKey(entry)],
  })
  const [account, , site] = catalogue as [Entitlement, Entitlement, Entitlement]

  it('is kept as it is', () => {
    const all = [wanted(site, 0), wanted(inScope('it', 'site', '12'), 1)]
    assert.deepEqual(ofOneLevel(all, can), { entitlements: all, frozen: [], deviations: [] })
  })

  it('is what any rule has, rather than the default', () => {
    const all = [wanted(site, 0), wanted(account, 'default')]
    assert.deepEqual(ofOneLevel(all, can), { entitlements: all.slice(0, 1), frozen: [], deviations: [] })
  })

  it('is not decided between rules: nothing is granted, everything frozen, each told', () => {
    const free = { ...wanted(site, 2), ref: { kind: 'role', id: 'flag' } as const }
    const { entitlements, frozen, deviations } = ofOneLevel([wanted(site, 0), wanted(account, 1), free], can)
    assert.deepEqual(entitlements, [free])
    assert.deepEqual(frozen, ['role:soc@site:11', 'role:soc@account:1'])
    assert.deepEqual(
      deviations.map(({ code }) => code),
      ['entitlement-scope-conflict', 'entitlement-scope-conflict'],
    )
    assert.match(deviations[0]?.detail ?? '', /site and account/)
  })

  it('is no concern of other vendors', () => {
    const all = [wanted(site, 0), wanted(account, 1)]
    assert.deepEqual(ofOneLevel(all, falcon).entitlements, all)
  })
})
