import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { describe, it } from 'node:test'
import { files, lineCount, read } from './repository.ts'

const source = files('src/**/*.ts', 'tools/*.mjs')
const tests = files('test/**/*.ts')

describe('sizes', () => {
  it('found the source and the tests', () => {
    assert.ok(source.length > 20 && tests.length > 5)
  })

  it('keep every source file within 300 lines', () => {
    assert.deepEqual(
      source.filter((path) => lineCount(read(path)) > 300),
      [],
    )
  })

  it('keep every test file within 400 lines', () => {
    assert.deepEqual(
      tests.filter((path) => lineCount(read(path)) > 400),
      [],
    )
  })

  it('keep every source folder within 12 files', () => {
    const folders = Map.groupBy(files('src/**/*.ts'), (path) => dirname(path))
    assert.deepEqual(
      [...folders].filter(([, paths]) => paths.length > 12).map(([folder]) => folder),
      [],
    )
  })
})
