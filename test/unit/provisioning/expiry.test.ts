import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Calendar, tellEndings } from '../../../src/provisioning/expiry/calendar.ts'
import type { Ending } from '../../../src/provisioning/expiry/ports.ts'
import type { Notice, NoticeDraft } from '../../../src/provisioning/notices/ports.ts'

const dayMs = 24 * 60 * 60_000
const end = Date.parse('2026-12-31T00:00:00.000Z')
const ending: Ending = { kind: 'vendor', id: 'c1', name: 'corp/falcon', endsAt: new Date(end).toISOString() }
const token: Ending = { ...ending, kind: 'scim', id: 't1', name: 'corp/okta', hint: 'a1b2c3' }

/** Keeps open notices as the store does: one for each kind, connection and subject. */
function calendarOf() {
  const open = new Map<string, NoticeDraft>()
  const fresh: string[] = []
  const keyOf = ({ connectionId, subject }: Pick<NoticeDraft, 'connectionId' | 'subject'>) =>
    `${connectionId}|${subject}`
  const state = { endings: [ending] as readonly Ending[], now: 0 }
  const calendar: Calendar = {
    endings: { keepCredentialsEnd: async () => {}, endings: async () => state.endings },
    notices: {
      raise: async (draft) => {
        if (!open.has(keyOf(draft))) fresh.push(draft.text)
        open.set(keyOf(draft), draft)
      },
      resolve: async (draft) => void open.delete(keyOf(draft)),
    },
    kept: { list: async () => [...open.values()] as Notice[] },
    now: () => state.now,
    log: { debug() {}, error() {} },
  }
  return {
    state,
    open,
    /** What is told anew so many days before the end. */
    async at(days: number) {
      state.now = end - days * dayMs
      await tellEndings(calendar)
      return fresh.splice(0)
    },
  }
}

describe('the calendar of tokens', () => {
  it('tells 30, 7 and 1 days before the end, and when it has come, once each', async () => {
    const { at, open } = calendarOf()
    const told: number[] = []
    for (const days of [60, 31, 30, 29, 8, 7, 6, 2, 1, 0.5, 0, -1, -2]) {
      const texts = await at(days)
      if (texts.length > 0) told.push(days)
      assert.ok(texts.length <= 1)
      assert.ok(open.size <= 1)
    }
    assert.deepEqual(told, [30, 7, 1, 0])
  })

  it('says what ends, when, and what to do', async () => {
    const { at, state } = calendarOf()
    state.endings = [ending, token]
    const [vendor, scim] = await at(7)
    assert.match(
      vendor ?? '',
      /^The credentials of corp\/falcon end at 2026-12-31T00:00:00.000Z, in 7 days\. Make new/,
    )
    assert.match(scim ?? '', /^The SCIM token corp\/okta \(a1b2c3\) ends at .*, in 7 days\. Rotate it/)
  })

  it('takes it back once the credentials were renewed or the token is gone', async () => {
    const { at, state, open } = calendarOf()
    state.endings = [ending, token]
    await at(7)
    assert.equal(open.size, 2)
    state.endings = [{ ...ending, endsAt: new Date(end + 365 * dayMs).toISOString() }]
    assert.deepEqual(await at(6), [])
    assert.equal(open.size, 0)
  })
})
