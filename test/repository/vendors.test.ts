import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { vendors } from '../../src/vendors/registry.ts'
import { simulators } from '../../src/simulators/registry.ts'
import { declarationOf } from '../../src/vendors/rest/define.ts'
import { files, read, root } from './repository.ts'

const notVendors = new Set(['kit', 'rest'])
const folders = [...new Set(files('src/vendors/*/*.ts').map((path) => path.split('/')[2]!))].filter(
  (folder) => !notVendors.has(folder),
)

describe('vendors', () => {
  it('are registered, every folder of them', () => {
    assert.deepEqual(vendors.map(({ id }) => id).toSorted(), folders.toSorted())
  })

  it('have a simulator each', () => {
    assert.deepEqual(Object.keys(simulators).toSorted(), folders.toSorted())
  })

  for (const vendor of vendors) {
    const { id, name } = vendor
    it(`has ${id} tested by the contract suite`, () => {
      assert.ok(existsSync(`${root}test/contract/${id}.test.ts`))
    })

    it(`has ${id} documented`, () => {
      if (!declarationOf(vendor)) assert.ok(existsSync(`${root}src/vendors/${id}/README.md`))
      // The page of a declared vendor is generated, with its settings.
      const page = declarationOf(vendor) ? `docs/vendors/${id}.md` : 'docs/configuration.md'
      assert.ok(read(page).includes(`vendor: ${id}`))
      assert.ok(read('README.md').includes(name))
    })
  }
})
