import { readFailure, readSource, readText, resolveReferences } from '../../config/file.ts'
import { isRecord, pathText } from '../../config/problems.ts'
import { CommandFailure, exitCodes } from '../../cli/exit-codes.ts'
import type { Io } from '../../cli/output.ts'

/** A YAML or JSON document from a file, or from standard input for `-`, with its references replaced here. */
export function readDocument(path: string, { env }: Pick<Io, 'env'>): Record<string, unknown> {
  const value = parsed(path)
  if (!isRecord(value)) throw new CommandFailure(exitCodes.usage, `${path} must hold a block of keys.`)
  const { value: resolved, findings } = resolveReferences(value, env)
  if (findings.length > 0) {
    const words = findings.map(({ path: at, message }) => `${pathText(at)}: ${message}`).join('; ')
    throw new CommandFailure(exitCodes.usage, `${path} cannot be used: ${words}.`)
  }
  return resolved as Record<string, unknown>
}

function parsed(path: string): unknown {
  let text: string
  try {
    text = readText(path === '-' ? 0 : path)
  } catch (error) {
    const message = readFailure(error)
    if (message === undefined) throw error
    throw new CommandFailure(exitCodes.usage, `${path} ${message}.`)
  }
  const source = readSource(text)
  if ('lineOf' in source) return source.value
  const words = source.map(({ line, message }) => `line ${line}: ${message}`).join('; ')
  throw new CommandFailure(exitCodes.usage, `${path} cannot be used: ${words}.`)
}
