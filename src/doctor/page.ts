import { doctorCode } from '../dictionary/entries/doctor.ts'
import { explainedBy } from '../model/errors.ts'
import type { DoctorFinding } from '../vendors/contract.ts'
import type { Report } from './checks.ts'

type Paint = (style: 'bold' | 'dim' | 'red' | 'green' | 'yellow', text: string) => string

const colours = { ok: 'green', warning: 'yellow', failed: 'red', unknown: 'dim' } as const

/** A report for people, line by line. */
export function page(report: Report, paint: Paint): readonly string[] {
  const { connection, directory, vendor, findings, routes, ok } = report
  const mark = (state: DoctorFinding['state']) => paint(colours[state], state.padEnd(8))
  const widest = Math.max(...findings.map(({ check }) => check.length))
  return [
    `${paint('bold', connection)} of directory ${directory} (${vendor})`,
    '',
    ...findings.map(({ check, state, detail }) => `  ${mark(state)} ${check.padEnd(widest)}  ${detail}`),
    '',
    '  routes',
    ...routes.map(
      ({ method, path, state, detail, purpose }) =>
        `  ${mark(state)} ${method.padEnd(6)} ${path}  ${detail}${state === 'failed' ? `: needed for ${purpose}` : ''}`,
    ),
    '',
    ...nativeScim(report, paint),
    '',
    ok ? paint('green', 'All well.') : paint('red', 'Something is wrong: see what failed.'),
    ...explained(findings),
  ]
}

/** Where the checks that are not well are explained. */
function explained(findings: readonly DoctorFinding[]): readonly string[] {
  const notWell = findings.filter(({ state }) => state === 'failed' || state === 'warning')
  const codes = new Set(notWell.map(({ check }) => doctorCode(check)))
  return [...codes].map((code) => `see: ${explainedBy('doctor', code)}`)
}

function nativeScim(
  { nativeScim: state, nativeScimReason: reason, gaps, profile }: Report,
  paint: Paint,
): readonly string[] {
  const colour = state === 'active' ? 'yellow' : 'dim'
  const advice =
    state === 'active'
      ? ['  Two writers undo each other: switch it off for the people Drawbridge keeps.']
      : []
  return [
    `  native SCIM: ${paint(colour, state)}, ${reason}`,
    ...advice,
    ...(gaps?.limitations ?? []).flatMap(({ text, bridge, routes, remains }) => [
      `  - ${text}`,
      `      here: ${bridge} [${routes[profile.used] ?? 'not in this API profile'}]`,
      ...(remains.startsWith('nothing') ? [] : [`      still not possible: ${remains}`]),
    ]),
  ]
}
