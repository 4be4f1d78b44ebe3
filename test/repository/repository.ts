import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Absolute path of the project, with a slash at the end. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

export function read(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8')
}

/** Files of the project by pattern, relative to it. Throws where a pattern finds none: a check of nothing cannot fail. */
export function files(...patterns: readonly string[]): readonly string[] {
  const found = patterns.map((pattern) =>
    globSync(pattern, { cwd: root }).filter((path) => !/(^|\/)(node_modules|dist)\//.test(path)),
  )
  const idle = patterns.filter((_, index) => found[index]?.length === 0)
  if (idle.length > 0) throw new Error(`no file matches ${idle.join(', ')}`)
  return [...new Set(found.flat())].toSorted()
}

export function lineCount(text: string): number {
  return text.replace(/\n$/, '').split('\n').length
}
