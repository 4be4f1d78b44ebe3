import type { Deviation, JournalOperation, Reason, Wanted, WantedEntitlement } from '../model/plan.ts'
import { entitlementKey, type EntitlementRef } from '../model/account.ts'
import type { ShutOutStep } from '../model/policy.ts'

/** The name of an entitlement as the catalogue spells it; its id where the catalogue does not know it. */
export type NameOf = (ref: EntitlementRef) => string

export function namesFrom(
  catalogue: readonly (EntitlementRef & { readonly name: string; readonly scopeName?: string })[],
): NameOf {
  const known = new Map(catalogue.map((entry) => [entitlementKey(entry), entry]))
  return (ref) => {
    const entry = known.get(entitlementKey(ref))
    const where = ref.scope ? ` in ${ref.scope.level} ${entry?.scopeName ?? ref.scope.id}` : ''
    return `${ref.kind} ${entry?.name ?? ref.id}${where}`
  }
}

/**
 * A plan in people's words: one sentence for each operation, deviations after them. With `wanted` each says why in brackets:
 * the rule and group that grant something, that none does any more, or why access ends.
 */
export function inWords(
  operations: readonly JournalOperation[],
  nameOf: NameOf,
  deviations: readonly Deviation[] = [],
  wanted?: Wanted,
): readonly string[] {
  const name = wanted?.kind === 'present' ? withReasons(nameOf, wanted.entitlements) : nameOf
  return [
    ...operations.map((operation) => sentence(operation, name, wanted)),
    ...deviations.map(({ detail }) => detail),
  ]
}

function withReasons(nameOf: NameOf, wanted: readonly WantedEntitlement[]): NameOf {
  const reasons = new Map(wanted.map((each) => [entitlementKey(each.ref), each.reasons]))
  return (ref) => {
    const why = reasons.get(entitlementKey(ref))?.map(reasonWords) ?? ['no rule grants it']
    return `${nameOf(ref)} [${why.join('; ')}]`
  }
}

function reasonWords(reason: Reason): string {
  const through = reason.group === undefined ? '' : `, group ${JSON.stringify(reason.group)}`
  return `${ruleName(reason)}${through}${reason.value === undefined ? '' : `, value ${JSON.stringify(reason.value)}`}`
}

function causeOf(wanted: Wanted | undefined): string {
  if (wanted?.kind === 'nothing') return ' [no rule grants anything here]'
  if (wanted?.kind !== 'shut-out') return ''
  return wanted.because === 'deleted' ? ' [the directory deleted the User]' : ' [the User is not active]'
}

/** `rule 3 (line 27)`, counted from 1. */
export function ruleName(reason: Pick<Reason, 'rule' | 'line'> | undefined): string {
  if (!reason || reason.rule === 'default') return 'the default'
  return `rule ${reason.rule + 1}${reason.line === undefined ? '' : ` (line ${reason.line})`}`
}

function sentence(operation: JournalOperation, nameOf: NameOf, wanted: Wanted | undefined): string {
  switch (operation.op) {
    case 'create': {
      const { login, entitlements } = operation.draft
      const holding = entitlements.length > 0 ? ` with ${list(entitlements.map(nameOf))}` : ''
      return `Create the account ${login}${holding}.`
    }
    case 'activate':
      return 'Enable the account again.'
    case 'update': {
      const changes = [
        ...Object.entries(operation.change).map(([name, value]) =>
          value == null ? `clear ${name}` : `set ${name} to ${JSON.stringify(value)}`,
        ),
        ...Object.entries(operation.settings ?? {}).map(
          ([name, value]) => `set ${name} to ${JSON.stringify(value)}`,
        ),
      ]
      return capital(`${list(changes)}.`)
    }
    case 'change-entitlements': {
      const { assign, revoke, settings = {} } = operation.change
      const parts = [
        ...(assign.length > 0 ? [`grant ${list(assign.map(nameOf))}`] : []),
        ...(revoke.length > 0 ? [`revoke ${list(revoke.map(nameOf))}`] : []),
        ...Object.keys(settings).map((name) => `switch ${name} off`),
      ]
      return capital(`${parts.join(' and ')}.`)
    }
    case 'shut-out':
      return `End the access${causeOf(wanted)}: ${operation.steps.map((step) => steps[step]).join('; if that does not hold, ')}.`
    case 'end-sessions':
      return 'End API tokens and sessions.'
    case 'renew-invitation':
      return 'Renew the invitation.'
  }
}

const steps: Record<ShutOutStep, string> = {
  disable: 'disable the account',
  strip: 'revoke everything that it holds',
  remove: 'remove the account',
}

function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
