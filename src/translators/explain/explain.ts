import type { Granted, Intent, WantedEntitlement } from '../../model/plan.ts'
import { isLive, slotOf, slotOfKey } from '../granted.ts'
import { intentsFor } from '../plan.ts'
import { entitlementsFor, type Grants } from '../rules/rules.ts'
import { subjectOf, wantedOf } from '../wanted.ts'
import { effectOf, explainRules } from './rules.ts'
import { entryOf } from './words.ts'
import { entitlementKey, type EntitlementRef, type HeldEntitlement } from '../../model/account.ts'
import type { GroupRef } from '../../model/person.ts'
import type { Authority, ExplainedEntitlement, ExplainInput, Explanation, JournaledCall } from './model.ts'

/** Why a person has, at one connection, what they have; and why not what they have not. */
export function explain(input: ExplainInput): Explanation {
  const { held, state, groups, policy, can, now, connection, vendor, whatIf } = input
  const wanted = wantedOf({ ...input, ...(held ? { granted: held.granted } : {}) })
  const grants = entitlementsFor({ ...input, subject: subjectOf(input) })
  const intents = wanted.kind === 'refused' ? [] : intentsFor({ wanted, held, can, policy, now }).intents
  const { settings, changesAt } = wanted.kind === 'present' ? wanted : {}
  return {
    connection,
    vendor,
    wanted: wanted.kind,
    because: because(input, wanted),
    ...(held
      ? { account: { id: held.account.id, login: held.account.login, state: held.account.state } }
      : {}),
    ...(state ? { state } : {}),
    groups: groups.map(({ displayName, since }) => ({
      displayName,
      ...(since === undefined ? {} : { since }),
    })),
    rules: explainRules(input, grants),
    entitlements: explainEntitlements(input, wanted.kind === 'present' ? grants : nothing, intents),
    ...(settings ? { settings } : {}),
    deviations: wanted.kind === 'present' ? wanted.deviations : leftTo(state),
    ...(changesAt === undefined ? {} : { changesAt }),
    ...(whatIf ? { whatIf: effectOf(input, { ...input, groups: regrouped(groups, whatIf, now) }) } : {}),
  }
}

/** What somebody who left can still do there. */
const leftTo = (state: ExplainInput['state']): Explanation['deviations'] =>
  (state?.deviations ?? []).filter(({ code }) => code === 'can-still-sign-in')

const nothing: Pick<Grants, 'entitlements'> = { entitlements: [] }

function because({ policy }: ExplainInput, wanted: ReturnType<typeof wantedOf>): string {
  switch (wanted.kind) {
    case 'refused':
      return wanted.detail
    case 'shut-out':
      return wanted.because === 'deleted'
        ? 'The directory deleted the User.'
        : 'The User is not active in the directory, or an operator holds them shut out.'
    case 'nothing':
      return 'Only people to whom a rule grants something get an account here, and no rule does.'
    case 'present':
      return policy.people === 'assigned'
        ? 'Everyone whom the identity provider pushes gets an account here.'
        : 'A rule grants something, or may once it can be resolved.'
  }
}

/** The person's groups after a change that is only supposed. */
function regrouped(
  groups: readonly GroupRef[],
  { without = [], with: added = [] }: NonNullable<ExplainInput['whatIf']>,
  now: string,
): readonly GroupRef[] {
  const gone = new Set(without.map(fold))
  const kept = groups.filter(({ displayName }) => !gone.has(fold(displayName)))
  const present = new Set(kept.map(({ displayName }) => fold(displayName)))
  const joined = added
    .filter((name) => !present.has(fold(name)))
    .map((displayName) => ({ id: `supposed:${displayName}`, displayName, since: now }))
  return [...kept, ...joined]
}

function fold(text: string): string {
  return text.trim().toLowerCase()
}

function explainEntitlements(
  input: ExplainInput,
  { entitlements }: Pick<Grants, 'entitlements'>,
  intents: readonly Intent[],
): readonly ExplainedEntitlement[] {
  const held = input.held?.account.entitlements ?? []
  const wanted = new Map(entitlements.map((each) => [entitlementKey(each.ref), each]))
  const others = held.filter((ref) => !wanted.has(entitlementKey(ref)))
  return [
    ...[...wanted.values()].map((each) =>
      explainOne(
        each.ref,
        each,
        held.filter((ref) => isSame(ref, each.ref)),
        input,
        intents,
      ),
    ),
    ...[...Map.groupBy(others, entitlementKey).values()].flatMap((alike) =>
      alike[0] ? [explainOne(alike[0], undefined, alike, input, intents)] : [],
    ),
  ]
}

function explainOne(
  ref: EntitlementRef,
  wanted: WantedEntitlement | undefined,
  held: readonly HeldEntitlement[],
  input: ExplainInput,
  intents: readonly Intent[],
): ExplainedEntitlement {
  const { scopeName, ...entry } = entryOf(ref, input.catalogue)
  const live = held.filter((each) => isLive(each, input.now))
  const key = entitlementKey(ref)
  const authority = authorityOf(live, key, input)
  const until = wanted?.ref.until ?? live.find((each) => each.until !== undefined)?.until
  const call = input.calls.find(({ operation }) => isAbout(operation, key))
  const remark = remarkOn(
    { key, wanted: wanted !== undefined, held: live.length > 0, authority },
    input,
    intents,
  )
  const scope = ref.scope && { ...ref.scope, ...(scopeName === undefined ? {} : { name: scopeName }) }
  return {
    key,
    kind: ref.kind,
    name: wanted?.name ?? entry.name,
    ...(scope ? { scope } : {}),
    wanted: wanted !== undefined,
    held: live.length > 0,
    ...(authority ? { authority } : {}),
    because: wanted?.reasons ?? [],
    ...(until === undefined ? {} : { until }),
    ...(call ? { call } : {}),
    ...(remark === undefined ? {} : { remark }),
  }
}

function authorityOf(
  live: readonly HeldEntitlement[],
  key: string,
  { held, can, now }: ExplainInput,
): Authority | undefined {
  const direct = live.find(({ inherited }) => !inherited)
  if (!direct) return live.length > 0 ? 'inherited' : undefined
  if (held?.granted.some((granted: Granted) => granted.key === key && isLive(granted, now))) return 'granted'
  if (can.entitlements[direct.kind]?.floor?.includes(direct.id)) return 'floor'
  return direct.until === undefined ? 'by-hand' : 'temporary'
}

interface Standing {
  readonly key: string
  readonly wanted: boolean
  readonly held: boolean
  readonly authority: Authority | undefined
}

const stays: Readonly<Record<Authority, string>> = {
  granted: 'no rule asks for it now, but a rule that cannot be resolved may: it stays until that is clear',
  inherited: 'it comes through a group or parent at the vendor and can be removed only there',
  temporary: 'somebody granted it at the vendor for a time; it is left alone and ends by itself',
  'by-hand': 'somebody granted it at the vendor; it is left alone unless the connection is exclusive',
  floor: 'every account at this vendor has at least this',
}

function remarkOn(
  { key, wanted, held, authority }: Standing,
  { state, held: account, can }: ExplainInput,
  intents: readonly Intent[],
): string | undefined {
  const isComing = intents.some(
    (intent) => intent.kind === 'assign' && entitlementKey(intent.entitlement) === key,
  )
  const isGoing = intents.some(
    (intent) =>
      intent.kind === 'shut-out' ||
      (intent.kind === 'revoke' && entitlementKey(intent.entitlement) === key) ||
      (intent.kind === 'assign' && takesPlaceOf(intent.entitlement, key, can)),
  )
  if (wanted && held) return isComing ? 'it ends too early and will be granted again' : undefined
  if (wanted) {
    if (state?.failure) return `not granted yet: ${state.failure.detail}`
    return account ? 'will be granted' : 'will be granted once the account exists'
  }
  if (!held) return 'it has ended'
  if (isGoing) return 'will be revoked'
  return authority ? stays[authority] : undefined
}

/** Of a kind that an account holds one of, what is assigned replaces what is there. */
function takesPlaceOf(assigned: EntitlementRef, key: string, can: ExplainInput['can']): boolean {
  if (can.entitlements[assigned.kind]?.perAccount !== 'one') return false
  return slotOf(assigned) === slotOfKey(key) && entitlementKey(assigned) !== key
}

function isAbout(operation: JournaledCall['operation'], key: string): boolean {
  if (operation.op === 'create')
    return operation.draft.entitlements.some((ref) => entitlementKey(ref) === key)
  if (operation.op !== 'change-entitlements') return false
  const { assign, revoke } = operation.change
  return [...assign, ...revoke].some((ref) => entitlementKey(ref) === key)
}

function isSame(one: EntitlementRef, other: EntitlementRef): boolean {
  return entitlementKey(one) === entitlementKey(other)
}
