import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createOutput } from '../../src/cli/output.ts'
import { table } from '../../src/cli/table.ts'
import { csvField, visible, visibleJson, visibleLines } from '../../src/model/text.ts'

const hostile = 'ada\u001b[2J\u001b]0;owned\u0007\u202egnp\u200b\u0085\nroot  admin'
const acting = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u

describe('text from outside', () => {
  it('shows what it is, and acts on nothing that shows it', () => {
    assert.doesNotMatch(visible(hostile), acting)
    assert.match(visible(hostile), /^ada\\u001b\[2J/)
    assert.equal(visible('Zoë Łukasz 李 😀 محمد'), 'Zoë Łukasz 李 😀 محمد')
  })

  it('is the same in JSON, as JSON', () => {
    const text = visibleJson({ hostile })
    assert.doesNotMatch(text, acting)
    assert.deepEqual(JSON.parse(text), { hostile })
  })

  it('acts on no terminal from a line, a table or an error, where colours of ours stay', () => {
    const written: string[] = []
    const stream = { isTTY: true, write: (text: string) => written.push(text) }
    const output = createOutput({ env: {}, stdout: stream, stderr: stream })
    table(output, ['NAME'], [[hostile]])
    output.line(`${output.paint('red', 'FAULT')} ${hostile}`)
    output.problem(hostile)
    output.json({ hostile })
    const text = written.join('')
    assert.ok(text.includes(output.paint('red', 'FAULT')))
    const rest = text.replaceAll(/\p{Cc}\[(?:1|22|31|39)m/gu, '').replaceAll('\n', '')
    assert.doesNotMatch(rest, acting)
    assert.equal(written[1], `${visible(hostile)}\n`, 'a cell has no second line')
    assert.equal(visibleLines('a\n\tb'), 'a\n\tb')
  })

  for (const start of ['=', '+', '-', '@', '＝', '＋', '－', '＠', ' =', '\t=', '\r=', '\ufeff=']) {
    it(`is no formula in CSV when it begins with ${JSON.stringify(start)}`, () => {
      const field = csvField(`${start}cmd|'/c calc'!A1`)
      assert.match(field, /^"?'/)
      assert.doesNotMatch(field.replaceAll(/[\r\n]/g, ''), acting)
    })
  }
})
