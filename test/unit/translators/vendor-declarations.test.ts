import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Capabilities } from '../../../src/model/capabilities.ts'
import { afterSwitch } from '../../../src/translators/granted.ts'
import { resolve } from '../../../src/translators/entitlements/catalogue.ts'
import { intentsFor } from '../../../src/translators/plan.ts'
import { aHeld, anAccount, aPolicy, now, switchable, wants } from './builders.ts'

describe('a scope level', () => {
  const role = { kind: 'role', id: 'editor', name: 'Editor' } as const
  const asked = { kind: 'role', name: 'Editor', scope: { zone: 'AB12-7f' } } as const

  it('counts where the vendor declares it, in the way that the vendor writes ids', () => {
    const declared = { zone: { checksumDigits: 2 } }
    const resolution = resolve(asked, [role], undefined, declared)
    assert.equal(resolution.kind, 'found')
    assert.deepEqual(resolution.kind === 'found' && resolution.entitlement.scope, {
      level: 'zone',
      id: 'ab12',
    })
    const plain = resolve(asked, [role], undefined, { zone: {} })
    assert.deepEqual(plain.kind === 'found' && plain.entitlement.scope, { level: 'zone', id: 'AB12-7f' })
  })

  it('counts where the catalogue lists entries of it', () => {
    const listed = { ...role, scope: { level: 'zone', id: 'ab12-7f' } }
    assert.equal(resolve(asked, [listed]).kind, 'found')
  })

  it('that nobody declares means nothing', () => {
    assert.equal(resolve(asked, [role]).kind, 'unknown')
    assert.equal(resolve(asked, [role], undefined, { site: {} }).kind, 'unknown')
  })
})

describe('a switch that takes roles away', () => {
  const loses: Capabilities = {
    ...switchable,
    account: { ...switchable.account, switchLoses: ['role'] },
  }
  const admin = { kind: 'role', id: 'admin' } as const
  const off = anAccount({ state: 'disabled', entitlements: [admin, { kind: 'group', id: 'g' }] })

  it('leaves the other kinds', () => {
    assert.deepEqual(afterSwitch(off, loses).entitlements, [{ kind: 'group', id: 'g' }])
    assert.deepEqual(afterSwitch(off, switchable).entitlements, off.entitlements)
  })

  it('has them granted again to whoever returns', () => {
    const wanted = wants([admin])
    const kinds = (can: Capabilities) =>
      intentsFor({ wanted, held: aHeld(off), can, policy: aPolicy(), now }).intents.map(({ kind }) => kind)
    assert.ok(kinds(loses).includes('assign'))
    assert.ok(!kinds(switchable).includes('assign'))
  })
})
