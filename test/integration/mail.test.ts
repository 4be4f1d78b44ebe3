import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import pino from 'pino'
import { smtpSender } from '../../src/operations/notices/mail-server.ts'
import { mailChannel } from '../../src/operations/notices/channels.ts'
import { createNotices } from '../../src/operations/notices/notices.ts'
import { loadEnvironment } from '../../src/config/environment.ts'
import { openTestStore } from '../support/database.ts'
import { aUser, startTestGateway } from '../support/gateway.ts'
import { startMailServer } from '../support/mail-server.ts'
import { startFalcon, falconPolicy } from '../support/vendors.ts'

const password = 'p%40ss-of-the-mail-server'
const [from, to] = ['Drawbridge <gate@corp.example>', ['ops@corp.example', 'sec@corp.example']]

function logTo(lines: string[]): pino.Logger {
  return pino(
    { level: 'trace' },
    new Writable({ write: (line, _, done) => (lines.push(String(line)), done()) }),
  )
}

async function channelTo(t: TestContext, groupMs: number) {
  const server = await startMailServer(t)
  const store = await openTestStore()
  const lines: string[] = []
  const send = smtpSender({ url: `smtp://127.0.0.1:${server.port}`, insecure: true })
  const channels = [mailChannel({ from, to, send, groupMs })]
  const notices = createNotices({ db: store.db, log: logTo(lines), channels, soonMs: 60_000 })
  t.after(async () => {
    await notices.close()
    await store.close()
  })
  return { server, store, lines, notices }
}

describe('notices by e-mail', () => {
  it('come from a running gateway to everybody named, by a server that asks for a password', async (t) => {
    const server = await startMailServer(t, { auth: true })
    const lines: string[] = []
    const loaded = loadEnvironment({
      NOTICE_EMAIL_TO: to.join(', '),
      NOTICE_EMAIL_FROM: from,
      NOTICE_SMTP_URL: `smtp://gate%40corp:${password}@127.0.0.1:${server.port}`,
    })
    assert.ok(loaded.ok && loaded.environment.noticeMail)
    const falcon = await startFalcon(t)
    const { scim, until } = await startTestGateway(t, {
      connections: [
        {
          name: 'falcon',
          simulator: falcon,
          policy: falconPolicy,
          credentials: { clientId: 'a', clientSecret: 'b' },
        },
      ],
      environment: { noticeMail: loaded.environment.noticeMail },
      log: logTo(lines),
    })
    await scim('POST', '/Users', aUser('ada'))
    await until('the e-mail is there', () => server.received.length > 0)
    assert.deepEqual(server.logins, [['gate@corp', 'p@ss-of-the-mail-server']])
    const [mail] = server.received
    assert.deepEqual([mail!.from, mail!.to], ['gate@corp.example', to])
    assert.match(mail!.data, /^Subject: Drawbridge: A connection is parked \(corp\/falcon\)$/m)
    assert.match(mail!.data, /^Auto-Submitted: auto-generated$/im)
    assert.match(mail!.data, /drawbridge retry corp\/falcon --unpark/)
    assert.match(mail!.data, /^Content-Type: text\/html/m)
    assert.ok(lines.length > 0 && !/p(%40|@)ss-of/.test(lines.join('')))
  })

  it('go out together by kind, once, and again only after their cause was gone', async (t) => {
    const { server, notices } = await channelTo(t, 0)
    for (const subject of ['a', 'b', 'a', 'a'])
      await notices.raise({ kind: 'catalogue-refused', subject, text: `about ${subject}` })
    await notices.raise({ kind: 'drift-found', text: 'differs' })
    await notices.flush()
    await notices.raise({ kind: 'drift-found', text: 'differs still' })
    await notices.flush()
    const subjects = server.received.map(({ data }) => /^Subject: (.*)$/m.exec(data)?.[1])
    assert.equal(subjects.length, 2)
    assert.match(subjects[0]!, /2 vendors offer far fewer roles/)
    assert.match(server.received[0]!.data, /about a[^]*about b/)
    await notices.resolve({ kind: 'drift-found' })
    await notices.raise({ kind: 'drift-found', text: 'differs anew' })
    await notices.flush()
    assert.equal(server.received.length, 3)
  })

  it('wait for each other for some minutes, and are sent again when the server refuses them', async (t) => {
    const { server, store, lines, notices } = await channelTo(t, 300_000)
    server.refusal = '451 the-words-of-the-server'
    await notices.raise({ kind: 'guard-tripped', text: 'first' })
    await notices.flush()
    assert.equal(server.received.length, 0)
    assert.ok(lines.join('').includes('451') && !lines.join('').includes('the-words-of-the-server'))
    server.refusal = undefined
    await store.query(`UPDATE notices SET delivered = delivered || '{"mailAgain": "2020-01-01"}'`)
    await notices.flush()
    await notices.raise({ kind: 'guard-tripped', subject: 'second', text: 'second' })
    await notices.flush()
    assert.equal(server.received.length, 1)
  })

  it('do not begin with stories that are over when the channel is new', async (t) => {
    const { server, store, notices } = await channelTo(t, 0)
    await notices.raise({ kind: 'survey-refused', text: 'long ago' })
    await store.query(`UPDATE notices SET resolved_at = now() - interval '25 hours', open_key = NULL`)
    await notices.flush()
    assert.equal(server.received.length, 0)
  })

  it('never send a password in clear to a server elsewhere', async (t) => {
    const server = await startMailServer(t, { auth: true })
    const send = smtpSender({ url: `smtp://user:${password}@127.0.0.1:${server.port}`, insecure: false })
    const mail = { from, to, subject: 's', text: 't', html: 'h', messageId: '<m@corp.example>' }
    await assert.rejects(send(mail), /^Error: the mail server did not take it ETLS/)
    assert.deepEqual(server.logins, [])
  })
})
