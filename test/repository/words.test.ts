import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { describe, it } from 'node:test'
import { files, read } from './repository.ts'

const code = files('src/**/*.ts', 'test/**/*.ts', 'tools/*.mjs', '*.mjs', '*.ts')

/** Patterns are put together here so that this file does not find itself. */
const unwanted: readonly [what: string, pattern: RegExp, among: readonly string[]][] = [
  ['unfinished marks', new RegExp(`\\b(${'TO'}DO|${'FIX'}ME|${'X'}XX)\\b`), code],
  ['tests that shut out all others', new RegExp(`\\b(it|test|describe|suite)\\.${'only'}\\(`), code],
  ['a debugger statement', new RegExp(`^\\s*${'debug'}ger\\b`, 'm'), code],
  ['a default export', new RegExp(`^export ${'default'}\\b`, 'm'), files('src/**/*.ts')],
  ['an enum', /^(export )?(const )?enum\b/m, files('src/**/*.ts')],
  ['a console', new RegExp(`\\b${'console'}\\.`), files('src/**/*.ts')],
]

describe('the source', () => {
  for (const [what, pattern, among] of unwanted) {
    it(`holds no ${what}`, () => {
      assert.deepEqual(
        among.filter((path) => pattern.test(read(path))),
        [],
      )
    })
  }

  it('names files in kebab-case, and none after a layer', () => {
    const odd = files('src/**/*.ts').filter((path) => {
      const name = basename(path, '.ts')
      return !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || /(helper|util|manager|service|handler)s?$/.test(name)
    })
    assert.deepEqual(odd, [])
  })

  it('reads the process environment only where it begins', () => {
    const allowed = /^src\/(main\.ts|cli\/|app\/commands\/|config\/environment\.ts)/
    const readers = files('src/**/*.ts').filter((path) =>
      /\bprocess\.env\b/.test(read(path).replaceAll(/\/\*[^]*?\*\//g, '')),
    )
    assert.deepEqual(
      readers.filter((path) => !allowed.test(path)),
      [],
    )
  })
})
