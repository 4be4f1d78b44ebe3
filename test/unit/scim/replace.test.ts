import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { replaceBody } from '../../../src/scim/normalise.ts'
import { userModel } from '../../../src/scim/schema/model.ts'
import { refusal, thingExtensionUrn, thingModel } from './every-type.ts'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

describe('replaceBody', () => {
  const current = {
    userName: 'ada',
    active: false,
    title: 'Dr',
    name: { givenName: 'Ada', middleName: 'M' },
    emails: [{ value: 'a', type: 'work' }],
    [enterprise]: { department: 'R&D' },
  }

  test('[P-06] gives the same object when nothing differs', () => {
    const again = structuredClone({ ...current, name: { middleName: 'M', givenName: 'Ada' } })
    assert.equal(replaceBody(userModel, current, again), current)
  })

  test('[P-03] [P-05] clears what is absent, but keeps active', () => {
    assert.deepEqual(replaceBody(userModel, current, { userName: 'ada', name: { givenName: 'A' } }), {
      userName: 'ada',
      active: false,
      name: { givenName: 'A' },
    })
    assert.equal(replaceBody(userModel, current, { userName: 'ada', active: true })['active'], true)
  })

  test('[P-03] refuses to change what is immutable, and keeps it when it is absent', () => {
    const before = {
      text: 'x',
      fixed: 'f',
      whole: { fixed: 'w', plain: 'p' },
      [thingExtensionUrn]: { kept: 'k', more: 'm' },
    }
    assert.deepEqual(replaceBody(thingModel, before, { text: 'y' }), {
      text: 'y',
      fixed: 'f',
      whole: { fixed: 'w' },
      [thingExtensionUrn]: { kept: 'k' },
    })
    assert.equal(replaceBody(thingModel, before, structuredClone(before)), before)
    for (const changed of [
      { fixed: 'g' },
      { whole: { fixed: 'g' } },
      { [thingExtensionUrn]: { kept: 'g' } },
    ]) {
      assert.throws(
        () => replaceBody(thingModel, before, { text: 'x', ...changed }),
        refusal('mutability', /cannot change/),
      )
    }
    assert.deepEqual(replaceBody(thingModel, { text: 'x' }, { text: 'x', fixed: 'new' }), {
      text: 'x',
      fixed: 'new',
    })
  })

  test('[P-04] keeps what clients cannot read or write', () => {
    const before = { text: 'x', given: 'g', hidden: 'h', whole: { given: 'w' } }
    assert.equal(replaceBody(thingModel, before, { text: 'x' }), before)
    assert.deepEqual(replaceBody(thingModel, before, { text: 'x', hidden: 'i' }), { ...before, hidden: 'i' })
  })

  test('demands what is required', () => {
    assert.throws(() => replaceBody(userModel, current, { title: 'x' }), refusal('invalidValue', /userName/))
  })
})
