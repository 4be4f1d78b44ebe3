import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { guideOf, requirementRows, testNames, vendorsOfGuides } from './guide.ts'

const names = testNames()

/** Rows whose test has to wait for a command that is still to come. */
const waiting = new Set(['R0-43'])

describe('what the guides warn of', () => {
  for (const vendor of vendorsOfGuides) {
    for (const { at, fact } of guideOf(vendor).warnings) {
      it(`${vendor}, ${at}: "${fact}" is quoted by the name of a test`, () => {
        assert.ok(
          names.some(({ file, name }) => !file.includes('/guides/') && name.includes(fact)),
          'no test quotes it',
        )
      })
    }
  }
})

describe('the rows of docs/requirements.md', () => {
  const { rows, open } = requirementRows()
  const traps = rows.filter(({ requirement }) => requirement.startsWith('Trap'))

  it('[M-17] that begin with Trap have a test each', () => {
    assert.ok(traps.length >= 30)
    const named = names.flatMap(({ name }) => name.match(/\b[MR]\d?-\d{2}\b/g) ?? [])
    const lacking = traps.filter(({ id }) => !named.includes(id) && !(waiting.has(id) && open[id]))
    assert.deepEqual(lacking, [])
  })

  it('[M-19] has as many examples as the guides: eight of each vendor', () => {
    for (const vendor of vendorsOfGuides) assert.equal(guideOf(vendor).examples.length, 8, vendor)
  })
})
