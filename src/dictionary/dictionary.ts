import { accountEntries } from './entries/accounts.ts'
import { configurationEntries } from './entries/configuration.ts'
import { deviationEntries } from './entries/deviations.ts'
import { doctorEntries } from './entries/doctor.ts'
import type { Area, Entry } from './entry.ts'
import { exitEntries, operatorEntries } from './entries/operator.ts'
import { gatewayEntries } from './entries/gateway.ts'
import { noticeEntries } from './entries/notices.ts'
import { scimEntries } from './entries/scim.ts'

/** Every code that a person can meet, by where it is met. */
export const areas: readonly Area[] = [
  {
    area: 'scim',
    title: 'SCIM answers',
    where:
      'The identity provider\'s log shows `detail`, which ends in a link here; the header `Link` with `rel="help"` holds it too.',
    entries: scimEntries,
  },
  {
    area: 'account',
    title: 'Why an account is not proven',
    where:
      'In `explain`, `account list`, plans, notices, the provisioning extension (`see`) and SCIM answers about one connection. The operator API answers with `vendor-<code>` where a vendor refused what an operator asked for.',
    entries: accountEntries,
  },
  {
    area: 'deviation',
    title: 'Deviations',
    where: 'In `explain`, plans, `account list --json` and the provisioning extension.',
    entries: deviationEntries,
  },
  {
    area: 'configuration',
    title: 'Configuration',
    where: '`check`, `serve`, `apply` and `connection` list each problem with its line.',
    entries: configurationEntries,
  },
  {
    area: 'gateway',
    title: 'The gateway',
    where: 'Messages of starts and commands begin with the code; the operator API answers them with 409.',
    entries: gatewayEntries,
  },
  {
    area: 'operator',
    title: 'Operator API',
    where: '`code` of the problem document; its `type` leads here.',
    entries: operatorEntries,
  },
  {
    area: 'notice',
    title: 'Notices',
    where: '`drawbridge notices`, e-mails, the webhook and the log.',
    entries: noticeEntries,
  },
  {
    area: 'doctor',
    title: 'Doctor',
    where: 'Checks of `drawbridge doctor <connection>`.',
    entries: doctorEntries,
  },
  {
    area: 'exit',
    title: 'Exit codes',
    where: 'What a command ends with; 0 is success.',
    entries: exitEntries,
  },
]

/** Those of a code that was renamed are beside the code. */
export const formerAnchors = ({ area, formerly = [] }: Entry): readonly string[] =>
  formerly.map((code) => `${area}-${code}`)

export const entriesOf = ({ area, entries }: Area): readonly Entry[] =>
  Object.entries(entries).map(([code, words]) => ({ area, code, anchor: `${area}-${code}`, ...words }))

/**
 * Entries whose anchor or code is asked for, now or in an earlier release, letter case aside; `vendor-` and a leading `#` may
 * stand before it. An HTTP status finds what is answered with it.
 */
export function lookUp(asked: string): readonly Entry[] {
  const word = asked
    .replace(/^.*#/, '')
    .replace(/^vendor-/, '')
    .toLowerCase()
  const all = areas.flatMap(entriesOf)
  const isMeant = (text: string): boolean => text.toLowerCase() === word
  const exact = all.filter((entry) => [entry.anchor, ...formerAnchors(entry)].some(isMeant))
  if (exact.length > 0) return exact
  const called = all.filter(({ code, formerly = [] }) => [code, ...formerly].some(isMeant))
  return called.length > 0 ? called : all.filter(({ means }) => means.startsWith(`${word}. `))
}
