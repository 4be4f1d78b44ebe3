import { explainedBy } from '../../model/errors.ts'
import type { JournalOperation } from '../../model/plan.ts'
import { type Entitlement, entitlementKey, type EntitlementRef } from '../../model/account.ts'
import { ruleName } from '../words.ts'
import type { Effect, ExplainedEntitlement, ExplainedRule, Explanation, JournaledCall } from './model.ts'

/** The entry of the catalogue for what is held or wanted. */
export function entryOf(
  ref: EntitlementRef,
  catalogue: readonly Entitlement[],
): Pick<Entitlement, 'name' | 'scopeName'> {
  const key = entitlementKey(ref)
  const known =
    catalogue.find((entry) => entitlementKey(entry) === key) ??
    catalogue.find(({ kind, id }) => kind === ref.kind && id === ref.id)
  const scopeName =
    known?.scopeName ??
    catalogue.find(({ scope }) => scope && scope.level === ref.scope?.level && scope.id === ref.scope.id)
      ?.scopeName
  return { name: known?.name ?? ref.id, ...(scopeName === undefined ? {} : { scopeName }) }
}

/** `role "SOC" in site "EMEA"`. */
export function nameOf(ref: EntitlementRef, catalogue: readonly Entitlement[]): string {
  const { name, scopeName } = entryOf(ref, catalogue)
  const where = ref.scope ? ` in ${ref.scope.level} "${scopeName ?? ref.scope.id}"` : ''
  return `${ref.kind} "${name}"${where}`
}

/** An explanation for people: plain lines, indented by meaning. */
export function explanationLines(explanation: Explanation): readonly string[] {
  const { connection, vendor, wanted, because, groups, rules, entitlements } = explanation
  return [
    `${connection} (${vendor}): ${wantedWords[wanted]}. ${because}`,
    `  account       ${accountWords(explanation)}`,
    ...nextLines(explanation.state),
    `  groups        ${groups.map(({ displayName }) => JSON.stringify(displayName)).join(', ') || 'none'}`,
    ...(rules.length > 0 ? ['  rules'] : []),
    ...rules.map((rule) => `    ${ruleLine(rule)}`),
    ...(entitlements.length > 0 ? ['  entitlements'] : []),
    ...entitlements.flatMap((each) => entitlementLines(each).map((line) => `    ${line}`)),
    ...settingLines(explanation),
    ...explanation.deviations.map(({ detail }) => `  note          ${detail}`),
    ...(explanation.changesAt === undefined
      ? []
      : [`  changes       at ${explanation.changesAt}, when the time of a rule ends`]),
    ...(explanation.whatIf ? effectLines(explanation.whatIf) : []),
  ]
}

const wantedWords: Readonly<Record<Explanation['wanted'], string>> = {
  present: 'wanted',
  'shut-out': 'to be shut out',
  nothing: 'no account wanted',
  refused: 'cannot be provisioned',
}

function accountWords({ account, state }: Explanation): string {
  const what = account ? `${account.login} (${account.id}), ${account.state}` : 'none'
  if (!state) return `${what}; not looked at yet`
  const proof = state.provenAt === undefined ? 'never proven' : `last proof ${state.provenAt}`
  const failure = state.failure
    ? `; ${state.failure.kind}: ${state.failure.detail} (see: ${explainedBy('account', state.failure.kind)})`
    : ''
  return `${what}; ${state.status}, ${proof}${failure}`
}

function nextLines(state: Explanation['state']): readonly string[] {
  const { nextTryAt, failedTries = 0, waitsFor } = state ?? {}
  const after =
    failedTries === 0 ? '' : `, after ${failedTries} failed ${failedTries === 1 ? 'try' : 'tries'}`
  return [
    ...(nextTryAt === undefined ? [] : [`  next try      ${nextTryAt}${after}`]),
    ...(waitsFor === undefined ? [] : [`  waits for     ${waitsFor}`]),
  ]
}

const outcomeWords: Readonly<Record<Exclude<ExplainedRule['outcome'], 'grants' | 'beaten'>, string>> = {
  'no-match': 'does not apply',
  excepted: 'does not apply',
  ended: 'has ended',
  unresolved: 'cannot be resolved',
  nothing: 'grants nothing',
}

const authorityWords: Readonly<Record<NonNullable<ExplainedEntitlement['authority']>, string>> = {
  granted: 'granted by Drawbridge',
  inherited: 'inherited at the vendor',
  temporary: 'granted at the vendor for a time',
  'by-hand': 'granted at the vendor by hand',
  floor: 'which every account has',
}

function ruleLine({ rule, line, words, outcome, detail }: ExplainedRule): string {
  const name = rule === 'default' ? 'default' : ruleName({ rule, ...(line === undefined ? {} : { line }) })
  const what =
    outcome === 'grants'
      ? `grants ${detail}`
      : outcome === 'beaten'
        ? detail
        : `${outcomeWords[outcome]} — ${detail}`
  return `${name}: ${what} [${words}]`
}

function entitlementLines(each: ExplainedEntitlement): readonly string[] {
  const { kind, name, scope, wanted, held, authority, because, until, call, remark } = each
  const where = scope ? ` in ${scope.level} "${scope.name ?? scope.id}"` : ''
  const standing = held ? `held${authority ? ` (${authorityWords[authority]})` : ''}` : 'not held'
  const end = until === undefined ? '' : `, until ${until}`
  const reasons = because.map((reason) => {
    const through = reason.group ?? reason.value
    return `${ruleName(reason)}${through === undefined ? '' : ` through "${through}"`}`
  })
  return [
    `${kind} "${name}"${where}: ${wanted ? 'wanted' : 'not wanted'}, ${standing}${end}`,
    ...(reasons.length > 0 ? [`  because       ${reasons.join('; ')}`] : []),
    ...(call ? [`  last call     ${callWords(call)}`] : []),
    ...(remark === undefined ? [] : [`  note          ${remark}`]),
  ]
}

function callWords({ operation, openedAt, closedAt, outcome, requestId, detail }: JournaledCall): string {
  const result = outcome ?? 'outcome not known yet'
  const id = requestId === undefined ? '' : `, vendor request ${requestId}`
  return `${operationWords(operation)} at ${closedAt ?? openedAt}: ${result}${id}${detail === undefined ? '' : `; ${detail}`}`
}

function operationWords(operation: JournalOperation): string {
  return operation.op === 'change-entitlements' ? 'change of entitlements' : operation.op
}

function settingLines({ settings = {} }: Explanation): readonly string[] {
  return Object.entries(settings).map(([name, value]) => `  setting       ${name} = ${String(value)}`)
}

const accountEffects: Readonly<Record<NonNullable<Effect['account']>, string>> = {
  enters: 'an account would be made',
  leaves: 'the person would be shut out',
  returns: 'the account would be switched on again',
}

function effectLines({ account, gains, loses, deviations }: Effect): readonly string[] {
  const changes = [
    ...(account ? [accountEffects[account]] : []),
    ...gains.map(({ name }) => `gains ${name}`),
    ...loses.map(({ name }) => `loses ${name}`),
  ]
  return [
    '  what if',
    ...(changes.length > 0 ? changes : ['nothing would change']).map((line) => `    ${line}`),
    ...deviations.map(({ detail }) => `    note          ${detail}`),
  ]
}
