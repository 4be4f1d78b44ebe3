import { readFileSync } from 'node:fs'
import type { Finding, Path } from './problems.ts'
import { isRecord } from './problems.ts'

/** The process environment, as `process.env` holds it. */
export type Variables = Readonly<Record<string, string | undefined>>

/** Reads what `file:/path` names; throws an error with a `code` when it cannot. */
export type SecretReader = (path: string) => Buffer

export interface Resolved {
  readonly value: unknown
  readonly findings: readonly Finding[]
  /** Paths whose reference failed: their values are stand-ins that no other check may complain about. */
  readonly missing: ReadonlySet<string>
}

const largestSecretFile = 64 * 1024

/**
 * Replaces `${NAME}` in every text from the environment (`$${` stands for `${` itself) and a text that is
 * `file:/path` by that file's content without its last line break. Keys are left as they are.
 */
export function resolveReferences(
  value: unknown,
  env: Variables,
  readSecretFile: SecretReader = readFileSync,
): Resolved {
  const found: Finding[] = []
  const missing = new Set<string>()
  const fail = (path: Path, message: string) => {
    found.push({ path, message })
    missing.add(pathKey(path))
    return ''
  }
  const walk = (each: unknown, path: Path): unknown => {
    if (typeof each === 'string')
      return each.startsWith('file:') ? readSecret(each, path) : replace(each, path)
    if (Array.isArray(each)) return each.map((item, index) => walk(item, [...path, index]))
    if (!isRecord(each)) return each
    return Object.fromEntries(Object.entries(each).map(([key, item]) => [key, walk(item, [...path, key])]))
  }
  const replace = (text: string, path: Path) =>
    text.replace(/\$\$\{|\$\{([^}]*)\}/g, (whole, name: string | undefined) => {
      if (whole === '$${') return '${'
      if (name === undefined || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        return fail(path, '${…} must hold the name of an environment variable')
      const variable = env[name]
      if (variable === undefined) return fail(path, `the environment variable ${name} is not set`)
      return variable === '' ? fail(path, `the environment variable ${name} is empty`) : variable
    })
  const readSecret = (reference: string, path: Path): string => {
    const file = reference.slice('file:'.length)
    if (!file.startsWith('/'))
      return fail(path, 'file: must be followed by an absolute path, as in file:/run/secrets/token')
    try {
      const content = readSecretFile(file)
      if (content.length > largestSecretFile) return fail(path, `the file ${file} is larger than 64 KiB`)
      const text = content.toString('utf8').replace(/\r?\n$/, '')
      return text === '' ? fail(path, `the file ${file} is empty`) : text
    } catch (error) {
      return fail(
        path,
        `the file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`,
      )
    }
  }
  return { value: walk(value, []), findings: found, missing }
}

export function pathKey(path: Path): string {
  return JSON.stringify(path)
}
