import { Type, type Static } from 'typebox'
import type { AnyVendor } from '../vendors/contract.ts'
import { findings } from './findings.ts'
import { isRecord, pathText, type Problem, soundness } from './problems.ts'
import { ConnectionSchema, type RawConnection } from './schema.ts'
import { readSource, readText } from './file.ts'
import { ruleFindings, toRule } from './rules.ts'
import type { Policy } from '../model/policy.ts'

/** The keys of a connection that a file of rules may hold. */
const FragmentSchema = Type.Pick(ConnectionSchema, ['rules', 'default', 'exclusive', 'people'])

export type RuleFragment = Partial<Pick<Policy, 'rules' | 'default' | 'exclusive' | 'people'>>

export type LoadedFragment =
  | { readonly ok: true; readonly fragment: RuleFragment }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Whether a file is a whole configuration rather than the rules of one connection. */
export function isConfiguration(path: string): boolean {
  const source = readSource(readText(path))
  return 'lineOf' in source && isRecord(source.value) && 'directories' in source.value
}

/** Reads a file that holds the rules of one connection: `rules`, `default`, `exclusive`, `people`. */
export function loadFragment(path: string, vendor: AnyVendor): LoadedFragment {
  const source = readSource(readText(path))
  if (!('lineOf' in source)) return { ok: false, problems: source }
  const shape = findings(FragmentSchema, source.value ?? {})
  const raw = (isRecord(source.value) ? source.value : {}) as Static<typeof FragmentSchema>
  const all = [...shape, ...ruleFindings(vendor, raw as RawConnection, [], { sound: soundness(shape) })]
  if (all.length > 0) {
    const problems = all.map(({ path: at, message, atKey }) => ({
      path: pathText(at),
      line: source.lineOf(at, atKey ? 'key' : 'value'),
      message,
    }))
    return { ok: false, problems: problems.toSorted((a, b) => a.line - b.line) }
  }
  const { rules, exclusive, people } = raw
  return {
    ok: true,
    fragment: {
      ...(rules ? { rules: rules.map((rule, index) => toRule(rule, source.lineOf(['rules', index]))) } : {}),
      ...(raw.default ? { default: raw.default as Policy['default'] } : {}),
      ...(exclusive === undefined ? {} : { exclusive }),
      ...(people === undefined ? {} : { people }),
    },
  }
}
