import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Absolute path of the project, with a slash at the end. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

export function read(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8')
}

/** Files of the project by pattern, relative to it. */
export function files(...patterns: readonly string[]): readonly string[] {
  return globSync([...patterns], { cwd: root })
    .filter((path) => !/(^|\/)(node_modules|dist)\//.test(path))
    .toSorted()
}

export function lineCount(text: string): number {
  return text.replace(/\n$/, '').split('\n').length
}
