import { readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'

/** Keeps one suite's result, without ids, addresses and times, so that only what counts makes a difference. */
export async function writeResult(result) {
  const file = new URL(`../../docs/conformance/${result.suite}.json`, import.meta.url)
  const text = JSON.stringify(result, (_key, value) => (typeof value === 'string' ? plain(value) : value))
  const config = await resolveConfig(file)
  const formatted = await format(text, { ...config, parser: 'json' })
  if (formatted !== read(file)) writeFileSync(file, formatted)
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** What differs from run to run is left out. */
export function plain(text) {
  return text
    .replaceAll(/https?:\/\/(127\.0\.0\.1|localhost)(:\d+)?/g, '')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '…')
}
