import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { letterOf, templates } from '../../../../src/operations/notices/letter.ts'
import type { NoticeKind } from '../../../../src/model/notice.ts'
import type { Notice } from '../../../../src/operations/notices/store.ts'

const notice = (given: Partial<Notice> = {}): Notice => ({
  id: '0197c6f0-0000-7000-8000-000000000000',
  kind: 'shut-out-failed',
  directory: 'corp',
  connection: 'falcon',
  text: 'A shut-out at falcon failed. the vendor forbids it',
  detail: { accountId: '0197c6f0-0000-7000-8000-00000000000a' },
  count: 1,
  firstAt: '2026-11-22T02:44:30.000Z',
  lastAt: '2026-11-22T03:10:00.000Z',
  ...given,
})

describe('a letter', () => {
  it('says what happened, since when, how often, what to do and what to run', () => {
    const { subject, text, html } = letterOf('shut-out-failed', [notice({ count: 3 })])
    assert.equal(subject, 'Drawbridge: A shut-out failed (corp/falcon)')
    assert.ok(
      text.includes('* corp/falcon, since 2026-11-22 02:44 UTC, 3 times, last 2026-11-22 03:10 UTC\n'),
    )
    assert.ok(text.includes('  A shut-out at falcon failed. the vendor forbids it\n'))
    assert.ok(text.includes('  drawbridge account journal 0197c6f0-0000-7000-8000-00000000000a\n'))
    assert.ok(text.includes('  drawbridge retry corp/falcon\n'))
    for (const part of [
      '<strong>corp/falcon, since 2026-11-22',
      'drawbridge retry corp/falcon',
      'What to do',
    ])
      assert.ok(html.includes(part), part)
  })

  it('counts many, tells twenty of them, and repeats no command', () => {
    const all = Array.from({ length: 50 }, (_, index) => notice({ detail: {}, text: `number ${index}.` }))
    const { subject, text, html } = letterOf('shut-out-failed', all)
    assert.equal(subject, 'Drawbridge: 50 shut-outs failed (corp/falcon)')
    assert.ok(text.includes('number 19.') && !text.includes('number 20.'))
    for (const body of [text, html]) assert.ok(body.includes('and 30 more; see: drawbridge notices'))
    assert.equal(text.split('drawbridge retry').length, 2)
  })

  it('lets nothing from outside be markup, a line or a header of its own, or turn the writing around', () => {
    const text = `<img src=x onerror="alert('1')">&amp;\r\nBcc: eve@evil.example\n\nCommands\n  rm -rf ~\u202e\u2028${'x'.repeat(900)}`
    const letter = letterOf('update-refused', [
      notice({ text, connection: 'a\r\nBcc: eve@evil.example;$(id)' }),
    ])
    assert.doesNotMatch(letter.subject, /[\p{Cc}\p{Cf}]/u)
    assert.ok(
      !letter.html.includes('<img') &&
        letter.html.includes('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;'),
    )
    assert.doesNotMatch(letter.text, /^(Bcc|\s*rm )/m)
    assert.doesNotMatch(letter.text, /[\u202e\u2028\r]/)
    assert.ok(
      letter.text.includes('drawbridge retry <connection>') && !/drawbridge.*\$\(id\)/.test(letter.text),
    )
    assert.ok(letter.html.includes('drawbridge retry &lt;connection&gt;'))
    assert.ok(!letter.text.includes('x'.repeat(601)))
  })

  for (const kind of Object.keys(templates) as NoticeKind[]) {
    it(`has words and a command for ${kind}`, () => {
      for (const notices of [
        [notice({ kind })],
        [notice({ kind }), notice({ kind, connection: 'sentry' })],
      ]) {
        const { subject, text } = letterOf(kind, notices)
        assert.match(subject, /^Drawbridge: .+ \((corp\/falcon|2 connections)\)$/)
        assert.match(text, /What to do\n.+\.\n\nCommands\n {2}drawbridge /)
      }
    })
  }

  it('speaks of the gateway where there is no connection', () => {
    const gone = {
      id: 'n',
      kind: 'token-expires',
      text: 'okta',
      count: 1,
      firstAt: '2026-11-22T02:44:30Z',
      lastAt: '2026-11-22T02:44:30Z',
    } as const
    assert.equal(letterOf('token-expires', [gone]).subject, 'Drawbridge: A token expires soon (the gateway)')
  })
})
