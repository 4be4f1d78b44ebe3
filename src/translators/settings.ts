import type { AccountSettings, Capabilities, SettingSupport } from '../model/capabilities.ts'
import type { Circumstances } from './entitlements/difference.ts'
import { isRecent } from './granted.ts'
import type { Deviation, Granted, Held, Snapshot, Wanted } from '../model/plan.ts'
import type { Account } from '../model/account.ts'
import { settingKey } from './entitlements/keys.ts'

type Present = Extract<Wanted, { kind: 'present' }>

export interface SettingDifference {
  /** Only what differs and may be written. */
  readonly settings: AccountSettings
  readonly deviations: readonly Deviation[]
}

/**
 * What must be set so that an account has the settings that rules name. What no rule names any more falls back only where
 * Drawbridge had set it and the vendor's table says to what. A return gives back what somebody had set by hand.
 */
export function settingDifference(
  { settings = {} }: Pick<Present, 'settings'>,
  held: Held | undefined,
  { can, snapshot, now }: Circumstances,
): SettingDifference {
  const supported = can.settings ?? {}
  const unknown = Object.keys(settings).filter((name) => !Object.hasOwn(supported, name))
  const wanted = new Map(Object.entries(settings).filter(([name]) => !unknown.includes(name)))
  const goal = new Map([
    ...withdrawn(held, wanted, supported),
    ...(isRecent(snapshot, now) ? returning(snapshot, supported) : []),
    ...wanted,
  ])
  const shown = held?.account.settings ?? {}
  const differing = [...goal].filter(([name, value]) => shown[name] !== value)
  const locked = new Set(held?.account.facts.readOnlySettings)
  return {
    settings: Object.fromEntries(differing.filter(([name]) => !locked.has(name))),
    deviations: [
      ...unknown.map(notThere),
      ...differing.flatMap(([name, value]) =>
        held && locked.has(name) ? [readOnlyHere(name, value, held.account)] : [],
      ),
    ],
  }
}

/** The settings of an account that give power and are not off. */
export function powersOf({ settings = {} }: Pick<Account, 'settings'>, can: Capabilities): readonly string[] {
  return Object.entries(can.settings ?? {}).flatMap(([name, { off }]) =>
    off === undefined || (settings[name] ?? off) === off ? [] : [name],
  )
}

/** Every such setting, off. Undefined when there is none. */
export function powersOff(
  account: Pick<Account, 'settings'>,
  can: Capabilities,
): AccountSettings | undefined {
  const powers = powersOf(account, can)
  if (powers.length === 0) return undefined
  return Object.fromEntries(
    powers.flatMap((name) => {
      const off = can.settings?.[name]?.off
      return off === undefined ? [] : [[name, off] as const]
    }),
  )
}

/** What Drawbridge has set, after a write of settings that the vendor confirmed. */
export function grantedAfterSettings(
  before: readonly Granted[],
  wanted: AccountSettings,
  written: AccountSettings,
): readonly Granted[] {
  const keys = new Set(Object.keys(written).map(settingKey))
  const ours = Object.entries(wanted)
    .filter(([name, value]) => written[name] === value)
    .map(([name, value]) => ({ key: settingKey(name), wishes: [`${settingKey(name)}=${String(value)}`] }))
  return [...before.filter(({ key }) => !keys.has(key)), ...ours]
}

type Supported = Readonly<Record<string, SettingSupport>>

function withdrawn(held: Held | undefined, wanted: ReadonlyMap<string, unknown>, supported: Supported) {
  const ours = new Set(held?.granted.map(({ key }) => key))
  return Object.entries(supported).flatMap(([name, { off }]) =>
    off !== undefined && ours.has(settingKey(name)) && !wanted.has(name) ? [[name, off] as const] : [],
  )
}

/** Powers that somebody had given by hand before the shut-out took them. */
function returning(snapshot: Snapshot | undefined, supported: Supported) {
  const ours = new Set(snapshot?.granted.map(({ key }) => key))
  return Object.entries(snapshot?.settings ?? {}).filter(
    ([name, value]) =>
      supported[name]?.off !== undefined && supported[name].off !== value && !ours.has(settingKey(name)),
  )
}

function notThere(name: string): Deviation {
  const detail = `This API profile of the vendor has no setting ${name}, so it cannot be set. Take it out of the rule.`
  return { code: 'setting-unknown', detail }
}

function readOnlyHere(name: string, value: unknown, { login, settings }: Account): Deviation {
  const now = settings?.[name] === undefined ? 'as it is' : String(settings[name])
  const detail = `The vendor marks ${name} of ${login} as read-only; it stays ${now} instead of ${String(value)}. Change it where the vendor takes it from.`
  return { code: 'setting-read-only', detail }
}
