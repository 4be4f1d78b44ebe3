import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** One request of a vendor's public API guide and what the guide says comes back, as data. */
export interface Example {
  readonly id: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly query?: Readonly<Record<string, string | readonly string[]>>
    readonly body?: unknown
  }
  /** Query parameters that Drawbridge sends with another value, or beside the guide's: the size of pages. */
  readonly differs?: Readonly<Record<string, string>>
  readonly response: { readonly status: number; readonly body?: unknown }
}

/** Something that the guide warns of, in words that a test's name quotes. */
export interface Warning {
  readonly at: string
  readonly fact: string
}

export interface Guide {
  readonly vendor: string
  readonly examples: readonly Example[]
  readonly warnings: readonly Warning[]
}

export const vendorsOfGuides = ['sentinelone', 'sisense', 'crowdstrike', 'sentry'] as const

/** `$name` stands for what a test fills in. */
export function guideOf(vendor: string, given: Readonly<Record<string, string>> = {}): Guide {
  const text = readFileSync(`${root}test/fixtures/guides/${vendor}.json`, 'utf8')
  return JSON.parse(text.replaceAll(/\$(\w+)/g, (whole, name: string) => given[name] ?? whole)) as Guide
}

/** The names of all tests, with the file of each. */
export function testNames(): readonly { readonly file: string; readonly name: string }[] {
  return globSync('test/**/*.test.ts', { cwd: root }).flatMap((file) => {
    const text = readFileSync(`${root}${file}`, 'utf8')
    const names = [...text.matchAll(/\b(?:it|describe)\(\s*(['"`])([\s\S]*?)\1/g)].map(([, , name]) => name)
    // Tests of a table have the row and the fact in the table.
    const rows = [...text.matchAll(/^\s*(?:\[|\w+:)?\s*'(\[[MR][\d-]+\][^']*)',/gm)].map(([, name]) => name)
    return [...names, ...rows].map((name = '') => ({ file, name }))
  })
}

/** Rows of docs/requirements.md, and why some have no test yet. */
export function requirementRows() {
  const page = readFileSync(`${root}docs/requirements.md`, 'utf8')
  const open = JSON.parse(readFileSync(`${root}docs/requirements-open.json`, 'utf8')) as Record<
    string,
    string
  >
  const rows = [...page.matchAll(/^\| ((?:M|R\d)-\d{2}) \| ([^|]*) \| ([^|]*) \|/gm)].map(
    ([, id = '', source = '', requirement = '']) => ({ id, source, requirement }),
  )
  return { rows, open }
}
