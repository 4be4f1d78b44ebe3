import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { pino } from 'pino'
import { webhookChannel } from '../../src/operations/notices/channels.ts'
import { createNotices } from '../../src/operations/notices/notices.ts'
import { listNotices, type Notice } from '../../src/operations/notices/store.ts'
import { openTestStore, type TestStore } from '../support/database.ts'

interface Sent {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly kind: string
  readonly notices: readonly Notice[]
}

const secret = 'a-secret-of-the-webhook'
const nowMs = 1_790_000_000_000
let store: TestStore

before(async () => void (store = await openTestStore()))
after(() => store.close())

function start(answer: () => number, groupMs = 0) {
  const sent: Sent[] = []
  const lines: string[] = []
  const notices = createNotices({
    db: store.db,
    log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
    channels: [
      webhookChannel(
        {
          url: 'https://hooks.example/drawbridge',
          secret,
          post: async (_, headers, body) => {
            sent.push({ headers, body, ...(JSON.parse(body) as Pick<Sent, 'kind' | 'notices'>) })
            return answer()
          },
        },
        { groupMs, now: () => nowMs },
      ),
    ],
    soonMs: 60_000,
  })
  return { notices, sent, lines }
}

describe('notices', () => {
  it('are kept once while open, counted, logged once without names, and raised anew after their cause was gone', async () => {
    const { notices, sent, lines } = start(() => 204)
    const draft = { kind: 'catalogue-refused', subject: 'one', text: 'ada@example.com is half gone' } as const
    for (let count = 0; count < 3; count++) await notices.raise(draft)
    await notices.flush()
    await notices.flush()
    assert.deepEqual(
      sent.map(({ kind, notices: all }) => [kind, all.map(({ text, count }) => [text, count])]),
      [['catalogue-refused', [['ada@example.com is half gone', 3]]]],
    )
    assert.equal(lines.filter((line) => line.includes('"notice":"catalogue-refused"')).length, 1)
    assert.equal(
      lines.some((line) => line.includes('ada@')),
      false,
    )

    await notices.resolve(draft)
    assert.equal((await listNotices(store.db, { open: true, limit: 10 })).length, 0)
    await notices.raise(draft)
    await notices.flush()
    assert.equal(sent.length, 2)
    await notices.resolve(draft)
    await notices.close()
  })

  it('of one kind go out together, and what comes within the minute waits for its end', async () => {
    const { notices, sent } = start(() => 200, 60_000)
    for (const subject of ['a', 'b', 'c'])
      await notices.raise({ kind: 'token-expires', subject, text: subject })
    await notices.flush()
    assert.deepEqual(
      sent.map(({ notices: all }) => all.map(({ text }) => text)),
      [['a', 'b', 'c']],
    )
    await notices.raise({ kind: 'token-expires', subject: 'd', text: 'd' })
    await notices.flush()
    assert.equal(sent.length, 1)
    await store.query(`UPDATE notices SET delivered = delivered || jsonb_build_object('webhook', now() - interval '61 seconds')
      WHERE delivered ? 'webhook'`)
    await notices.flush()
    assert.deepEqual(
      sent.at(-1)?.notices.map(({ text }) => text),
      ['d'],
    )
    await notices.close()
  })

  it('are signed over time and body', async () => {
    const { notices, sent } = start(() => 200)
    await notices.raise({ kind: 'store-restored', text: 'look' })
    await notices.flush()
    const { headers, body } = sent[0]!
    const [t, v1] = headers['drawbridge-signature']!.split(',')
    assert.equal(t, `t=${nowMs / 1_000}`)
    const expected = createHmac('sha256', secret)
      .update(`${nowMs / 1_000}.${body}`)
      .digest('hex')
    assert.equal(v1, `v1=${expected}`)
    await notices.close()
  })

  it('are sent again, later, until the webhook takes them', async () => {
    let status = 500
    const { notices, sent } = start(() => status)
    await notices.raise({ kind: 'guard-tripped', text: 'wait' })
    await notices.flush()
    await notices.flush()
    assert.equal(sent.length, 1, 'not before the backoff')
    await store.query(
      `UPDATE notices SET delivered = delivered || '{"webhookAgain": "2020-01-01"}' WHERE kind = 'guard-tripped'`,
    )
    status = 200
    await notices.flush()
    await store.query(
      `UPDATE notices SET delivered = delivered || '{"webhookAgain": "2020-01-01"}' WHERE kind = 'guard-tripped'`,
    )
    await notices.flush()
    assert.equal(sent.length, 2)
    await notices.close()
  })
})
