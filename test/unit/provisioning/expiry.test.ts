import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type ExpiryDeps,
  credentialsEnd,
  scheduleExpiryChecks,
  notifyExpiries,
} from '../../../src/operations/expiry/expiry.ts'
import type { OpenConnection } from '../../../src/provisioning/connections.ts'
import type { Expiry } from '../../../src/operations/expiry/store.ts'
import type { NoticeDraft } from '../../../src/model/notice.ts'
import type { Notice } from '../../../src/operations/notices/store.ts'
import type { Schedule } from '../../../src/model/schedule.ts'

const dayMs = 24 * 60 * 60_000
const end = Date.parse('2026-12-31T00:00:00.000Z')
const ending: Expiry = { kind: 'vendor', id: 'c1', name: 'corp/falcon', endsAt: new Date(end).toISOString() }
const token: Expiry = { ...ending, kind: 'scim', id: 't1', name: 'corp/okta', hint: 'a1b2c3' }

/** Keeps open notices as the store does: one for each kind, connection and subject. */
function calendarOf() {
  const open = new Map<string, NoticeDraft>()
  const fresh: string[] = []
  const keyOf = ({ connectionId, subject }: Pick<NoticeDraft, 'connectionId' | 'subject'>) =>
    `${connectionId}|${subject}`
  const state = { endings: [ending] as readonly Expiry[], now: 0 }
  const calendar: ExpiryDeps = {
    expiries: { keepCredentialsEnd: async () => {}, list: async () => state.endings },
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
    calendar,
    state,
    open,
    /** What is told anew so many days before the end. */
    async at(days: number) {
      state.now = end - days * dayMs
      await notifyExpiries(calendar)
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
      /^The credentials of corp\/falcon end at 2026-12-31T00:00:00.000Z, in 7 days\. Create new/,
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

  it('asks every connection in one process each six hours; a vendor that does not answer leaves what is known', async () => {
    const { calendar, state, open } = calendarOf()
    state.endings = []
    const kept: string[] = []
    const keeping: ExpiryDeps = {
      ...calendar,
      expiries: {
        list: async () => state.endings,
        async keepCredentialsEnd(id, endsAt) {
          kept.push(`${id} ${endsAt}`)
          if (endsAt !== undefined) state.endings = [{ ...ending, id, endsAt }]
        },
      },
    }
    let run: () => Promise<void> = async () => assert.fail('nothing runs')
    const repeated: unknown[] = []
    const schedule: Pick<Schedule, 'work' | 'repeat'> = {
      work: async (name, job) => {
        assert.equal(name, 'token-expiry')
        run = () => job({} as never, new AbortController().signal)
      },
      repeat: async (...given) => void repeated.push(given),
    }
    const soon = new Date(end).toISOString()
    state.now = end - 2 * dayMs
    const connections = [connectionOf('silent'), connectionOf('told', { tokenExpiresAt: soon })]
    await scheduleExpiryChecks(keeping, schedule as Schedule, () => connections)
    assert.deepEqual(repeated, [['token-expiry', 'all', 6 * 60 * 60_000, {}]])
    await run()
    assert.deepEqual(kept, [`told ${soon}`])
    assert.deepEqual([...open.keys()], ['told|told 7'])
    // Whoever is there by then is asked.
    connections.push(connectionOf('new', {}))
    await run()
    assert.equal(kept.at(-1), 'new undefined')
  })

  it('believes the vendor first, and what was stated where nothing else tells', async () => {
    const [vendors, stated] = ['2027-01-01T00:00:00.000Z', '2028-01-01T00:00:00.000Z']
    const endOf = async (facts: object | undefined, own?: string) =>
      credentialsEnd({
        self: async () => facts && 'me',
        credentialsEndAt: stated,
        target: {
          get: async () => ({ facts }),
          ...(own === undefined ? {} : { credentialsEnd: async () => own }),
        } as never,
      })
    assert.equal(await endOf({ tokenExpiresAt: vendors }), vendors)
    assert.equal(await endOf(undefined, vendors), vendors)
    assert.equal(await endOf({}), stated)
    assert.equal(await endOf(undefined), stated)
  })
})

/** Without facts the vendor does not answer. */
function connectionOf(id: string, facts?: object): OpenConnection {
  return {
    ...{ id, name: id, directoryId: 'd', vendor: 'v', policy: {} as never },
    writes: { worked() {}, haveWorked: () => true, refused: () => 1 },
    doubtProfile() {},
    async ready() {
      if (!facts) throw new Error('the vendor does not answer')
      const target = { get: async () => ({ facts }) } as never
      return { self: async () => 'me', target } as never
    },
    during: (_priority, _pauses, work) => work(),
    patiently: (work) => work(),
  }
}
