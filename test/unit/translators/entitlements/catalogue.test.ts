import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolve } from '../../../../src/translators/entitlements/catalogue.ts'
import { entry, group, role } from '../builders.ts'

describe('resolve', () => {
  it('prefers an id to a name and gives the spelling of the catalogue', () => {
    const catalogue = [entry(role('Soc_Lead'), 'SOC'), entry(role('soc'), 'Soc_Lead')]
    const found = resolve({ kind: 'role', name: ' soc_lead ' }, catalogue)
    assert.ok(found.kind === 'found')
    assert.equal(found.entitlement.id, 'Soc_Lead')
  })

  it('keeps kinds apart', () => {
    assert.equal(resolve({ kind: 'role', name: 'core' }, [entry(group('core'))]).kind, 'unknown')
  })

  it('takes an entry that is listed twice for one', () => {
    assert.equal(
      resolve({ kind: 'group', name: 'core' }, [entry(group('core')), entry(group('core'))]).kind,
      'found',
    )
  })

  it('reads a catalogue once, however many ask', () => {
    let reads = 0
    const entries = Array.from({ length: 20_000 }, (_, at) => entry(group(`team-${at}`)))
    const counted = new Proxy(entries, {
      get(target, key, receiver): unknown {
        if (key === 'filter') reads += 1
        return Reflect.get(target, key, receiver)
      },
    })
    for (let at = 0; at < 1_000; at += 1) resolve({ kind: 'group', name: `team-${at}` }, counted)
    assert.equal(reads, 2)
  })
})
