import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { describe, it } from 'node:test'
import { files, read } from './repository.ts'

const source = files('src/**/*.ts')
const code = [
  ...source,
  ...files('test/**/*.ts', 'bench/**/*.ts', 'tools/**/*.mjs', '.dependency-cruiser.mjs', '*.ts'),
]

/** Patterns and examples are put together here so that this file does not find itself. */
const unwanted: readonly [what: string, pattern: RegExp, among: readonly string[], example: string][] = [
  ['unfinished marks', new RegExp(`\\b(${'TO'}DO|${'FIX'}ME|${'X'}XX)\\b`), code, `a()\n// ${'TO'}DO: more`],
  [
    'tests that shut out all others',
    new RegExp(`\\b(it|test|describe|suite)\\.${'only'}\\(`),
    code,
    `  it.${'only'}('one', () => {})`,
  ],
  ['a debugger statement', new RegExp(`^\\s*${'debug'}ger\\b`, 'm'), code, `a()\n  ${'debug'}ger`],
  ['a default export', new RegExp(`^export ${'default'}\\b`, 'm'), source, `a()\nexport ${'default'} a`],
  ['an enum', /^(export )?(const )?enum\b/m, source, 'a()\nexport enum Colour {}'],
  ['a console', new RegExp(`\\b${'console'}\\.`), source, `  ${'console'}.log(1)`],
]

describe('the source', () => {
  for (const [what, pattern, among, example] of unwanted) {
    it(`holds no ${what}`, () => {
      assert.match(example, pattern)
      assert.deepEqual(
        among.filter((path) => pattern.test(read(path))),
        [],
      )
    })
  }

  it('names files in kebab-case, and none after a layer', () => {
    const odd = source.filter((path) => {
      const name = basename(path, '.ts')
      return !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || /(helper|util|manager|service|handler)s?$/.test(name)
    })
    assert.deepEqual(odd, [])
  })

  it('is handed the process environment by main.ts, and reads it nowhere by itself', () => {
    const readsIt = (text: string): boolean =>
      /\bprocess\.env\b|\benv\b[^=\n]*\} = process\b/.test(text.replaceAll(/\/\*[^]*?\*\//g, ''))
    assert.deepEqual(
      ['a(process.env)', 'const { env } = process', '/** As `process.env` holds it. */'].map(readsIt),
      [true, true, false],
    )
    assert.deepEqual(
      source.filter((path) => readsIt(read(path))),
      [],
    )
  })
})
