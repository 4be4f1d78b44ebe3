import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import type * as TypeScript from 'typescript'
import { files, read } from './repository.ts'

const ts = createRequire(import.meta.url)('typescript') as typeof TypeScript

/*
 * What vendors answer is foreign text. A pattern that may run on and on and begin anywhere can take a square of its length or
 * more: so it is anchored, or every part of it has a greatest length. Text is cut to 4 KiB before any pattern sees it.
 */

/** Over text of ours, or over one short value. */
const fine: Readonly<Record<string, string>> = {
  '/\\d{3}|@|%40|^[0-9a-f-]{8,}$/i': 'a path of ours',
  '/\\s+/': 'a name of the directory',
  '/\\s+/g': 'words after they were cut',
  '/[^a-z0-9_]+/g': 'a name of the directory',
  '/<[^>]*>([^<]*)/g': 'a Link header, which Node bounds to 16 KiB',
  '/;\\s*(\\w+)="([^"]*)"/g': 'a Link header, which Node bounds to 16 KiB',
}

function patternsIn(path: string): readonly string[] {
  const found: string[] = []
  const visit = (node: TypeScript.Node): void => {
    if (node.kind === ts.SyntaxKind.RegularExpressionLiteral) found.push(node.getText())
    node.forEachChild(visit)
  }
  visit(ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true))
  return found
}

/** Looks for secrets: each endless part is the last of its alternative, so it takes what is there and never steps back. */
const secretLook = /^\/\\b\(\?:bearer\|/

const classes = /\[(?:\\.|[^\]\\])*\]|\\./g
/** Without what stands in brackets: a star that repeats something without end. */
const isEndless = (pattern: string): boolean => /[*+]|\{\d+,\}/.test(pattern.replaceAll(classes, 'x'))

describe('patterns over what vendors answer', () => {
  it('are anchored, or every part of them has an end', () => {
    const endless = files('src/vendors/**/*.ts').flatMap((path) =>
      patternsIn(path)
        .filter(
          (pattern) =>
            isEndless(pattern) &&
            !pattern.startsWith('/^') &&
            !secretLook.test(pattern) &&
            !(pattern in fine),
        )
        .map((pattern) => `${path}: ${pattern}`),
    )
    assert.deepEqual(endless, [])
  })

  it('has no exception that nobody needs', () => {
    const all = new Set(files('src/vendors/**/*.ts').flatMap(patternsIn))
    assert.deepEqual(
      Object.keys(fine).filter((pattern) => !all.has(pattern)),
      [],
    )
  })
})
