import type { Deviation, Reason } from '../../model/plan.ts'
import type { Resolution, Wish } from './catalogue.ts'

/** Says why a wish grants nothing. No resolution: the vendor has nothing of that kind. */
export function deviationOf(wish: Wish, reason: Reason, resolution: Resolution | undefined): Deviation {
  const where = reason.line === undefined ? '' : ` (line ${reason.line})`
  const what = `${wish.kind} "${wish.name}"${inScope(wish)}${where}`
  if (resolution?.kind === 'ambiguous') {
    const detail = `Several entitlements are meant by ${what}: ${resolution.among.join(', ')}. Use the id or name a scope; until then nothing is granted or revoked for it.`
    return { code: 'entitlement-ambiguous', detail }
  }
  if (resolution?.kind === 'unknown') {
    const near = resolution.nearest.map((name) => `"${name}"`).join(', ')
    const hint = near === '' ? '' : ` Nearest: ${near}.`
    const detail = `The vendor has no ${what}.${hint} Correct the rule or make it there; until then nothing is granted or revoked for it.`
    return { code: 'entitlement-unknown', detail }
  }
  if (resolution?.kind === 'refused') {
    const detail = `The vendor does not grant ${what}: ${resolution.why}. Take it out of the rule; until then nothing is granted or revoked for it.`
    return { code: 'entitlement-refused', detail }
  }
  const detail = `This API profile of the vendor has no ${wish.kind}s, so ${what} cannot be granted. Take it out of the rule.`
  return { code: 'entitlement-kind-missing', detail }
}

function inScope({ scope }: Wish): string {
  return Object.entries(scope ?? {})
    .map(([level, id]) => ` in ${level} ${id}`)
    .join('')
}

/** Says that the vendor's group of a rule with `create` is not there yet, or why it will not come. */
export function groupAwaited({ name }: Wish, refusal: string | undefined): Deviation {
  const detail =
    refusal === undefined
      ? `The group "${name}" is still to be made at the vendor; nothing needs to be done.`
      : `The group "${name}" cannot be made at the vendor: ${refusal}`
  return { code: 'group-awaited', detail }
}
