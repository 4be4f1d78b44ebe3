import { explainedBy } from '../../model/errors.ts'
import type { NoticeKind } from '../../model/notice.ts'
import type { Notice } from './store.ts'

export interface Letter {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Told in full; of the others only how many there are. */
const mostTold = 20
const mostCommands = 12
const longestText = 600

/** The e-mail about notices of one kind: what happened, since when, how often, what to do, what to run. */
export function letterOf(kind: NoticeKind, notices: readonly Notice[]): Letter {
  const { one, many, advice } = templates[kind]
  const headline = notices.length === 1 ? one : many(notices.length)
  const places = [...new Set(notices.map(placeOf))]
  const where = places.length === 1 ? places[0]! : `${places.length} connections`
  const told = notices.slice(0, mostTold)
  const commands = commandsFor(kind, told)
  const rest = notices.length - told.length
  const more = rest === 0 ? [] : [`and ${rest} more; see: drawbridge notices`]
  const facts = told.map((notice) => ({
    head: `${placeOf(notice)}, ${sinceOf(notice)}`,
    text: plain(notice.text),
  }))
  return {
    subject: `Drawbridge: ${headline} (${where})`,
    text: lines([
      `${headline}.`,
      '',
      ...facts.flatMap(({ head, text }) => [`* ${head}`, `  ${text}`, '']),
      ...more.flatMap((line) => [line, '']),
      'What to do',
      advice,
      '',
      'Commands',
      ...commands.map((command) => `  ${command}`),
      '',
      foot,
    ]),
    html: page(headline, facts, more, advice, commands),
  }
}

const foot = 'This is sent once for as long as the cause lasts. Everything open: drawbridge notices'

const lines = (all: readonly string[]): string => `${all.join('\n')}\n`

function page(
  headline: string,
  facts: readonly { readonly head: string; readonly text: string }[],
  more: readonly string[],
  advice: string,
  commands: readonly string[],
): string {
  return lines([
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head>',
    '<body style="font-family: sans-serif; max-width: 40em">',
    `<h1 style="font-size: 1.2em">${escaped(headline)}</h1>`,
    '<ul>',
    ...facts.map(({ head, text }) => `<li><strong>${escaped(head)}</strong><br>${escaped(text)}</li>`),
    '</ul>',
    ...more.map((line) => `<p>${escaped(line)}</p>`),
    `<h2 style="font-size: 1em">What to do</h2><p>${escaped(advice)}</p>`,
    `<h2 style="font-size: 1em">Commands</h2><pre>${escaped(commands.join('\n'))}</pre>`,
    `<p><small>${escaped(foot)}</small></p>`,
    '</body></html>',
  ])
}

function commandsFor(kind: NoticeKind, notices: readonly Notice[]): readonly string[] {
  const all = new Set(notices.flatMap((notice) => templates[kind].commands(operandOf(notice), notice)))
  return [...[...all].slice(0, mostCommands), explainedBy('notice', kind)]
}

function placeOf({ directory, connection }: Notice): string {
  return plain([directory, connection].filter((name) => name !== undefined).join('/') || 'the gateway')
}

/** A name that a shell could read otherwise is not offered to be pasted into one. */
function operandOf({ directory, connection }: Notice): string {
  const path = [directory, connection].filter((name) => name !== undefined).join('/')
  return /^[A-Za-z0-9._/-]+$/.test(path) ? path : '<connection>'
}

function sinceOf({ firstAt, lastAt, count }: Notice): string {
  const since = `since ${minute(firstAt)}`
  return count > 1 ? `${since}, ${count} times, last ${minute(lastAt)}` : since
}

const minute = (instant: string): string => `${instant.slice(0, 16).replace('T', ' ')} UTC`

/**
 * Words from outside as one line of printable text: no line of theirs can pass for one of ours or for a header, and no mark
 * of writing direction can turn a line around.
 */
function plain(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return line.length > longestText ? `${line.slice(0, longestText)}…` : line
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!)
}

/** The fixed words of a letter about notices of one kind. */
export interface Template {
  /** What happened, for one notice and for several. */
  readonly one: string
  readonly many: (count: number) => string
  readonly advice: string
  /** What to run; `where` is `<directory>/<connection>`. */
  readonly commands: (where: string, notice: Notice) => readonly string[]
}

const journal = ({ detail }: Notice): readonly string[] => {
  const id = detail?.['accountId']
  return typeof id === 'string' && /^[0-9a-f-]{36}$/i.test(id) ? [`drawbridge account journal ${id}`] : []
}
const retry = (where: string, notice: Notice): readonly string[] => [
  ...journal(notice),
  `drawbridge retry ${where}`,
]
const plans = (where: string): readonly string[] => [
  `drawbridge plan ${where} --state waiting`,
  `drawbridge approve ${where} --all`,
  `drawbridge reject ${where} --all`,
]

export const templates: Readonly<Record<NoticeKind, Template>> = {
  'connection-parked': {
    one: 'A connection is parked',
    many: (count) => `${count} connections are parked`,
    advice:
      'Nothing is done there until its credentials work again. Correct them in the configuration and apply it, or fix them at the vendor and resume the connection.',
    commands: (where) => [`drawbridge doctor ${where}`, `drawbridge retry ${where} --unpark`],
  },
  'guard-tripped': {
    one: 'A guard limit was reached',
    many: (count) => `${count} guard limits were reached`,
    advice:
      'Whatever exceeds the limit waits. Review the plans: approve them if so many are intended; otherwise reject them and correct the directory.',
    commands: plans,
  },
  'shut-out-failed': {
    one: 'A shut-out failed',
    many: (count) => `${count} shut-outs failed`,
    advice:
      'Somebody who left may still have access. Drawbridge retries every hour; if it is urgent, end the access at the vendor by hand.',
    commands: retry,
  },
  'shut-out-waiting': {
    one: 'A shut-out is waiting',
    many: (count) => `${count} shut-outs are waiting`,
    advice:
      'Somebody who left may still have access. See why it is waiting, and end the access by hand if it is urgent.',
    commands: retry,
  },
  'shut-out-withdrawn': {
    one: 'A shut-out did not hold',
    many: (count) => `${count} shut-outs did not hold`,
    advice: 'It was considered done, but the vendor shows access again. Drawbridge retries it by itself.',
    commands: retry,
  },
  'leaver-can-sign-in': {
    one: 'Somebody who left can still sign in',
    many: (count) => `At ${count} vendors, people who left can still sign in`,
    advice:
      'They have nothing there any more, but the account was neither removed nor switched off. Put `remove` into `deprovision`, or switch it off by hand.',
    commands: (_where, notice) => journal(notice),
  },
  'update-refused': {
    one: 'A vendor refused a change',
    many: (count) => `Vendors refused ${count} changes`,
    advice:
      'It is retried when the directory or the rules change. Correct what the vendor names, at the identity provider or in the rules.',
    commands: retry,
  },
  'catalogue-refused': {
    one: 'A vendor offers far fewer roles than before',
    many: (count) => `${count} vendors offer far fewer roles than before`,
    advice:
      'Drawbridge does not trust that answer, and removes nothing because of it. Check what the credentials may see at the vendor.',
    commands: (where) => [`drawbridge doctor ${where}`],
  },
  'replies-differ': {
    one: 'A vendor answers otherwise than documented',
    many: (count) => `${count} vendors answer otherwise than documented`,
    advice:
      'Fields that cannot be read count as absent, and nothing stops because of them. A reconciliation that met an account it cannot read considers nobody missing.',
    commands: (where) => [`drawbridge doctor ${where}`, 'drawbridge status'],
  },
  'connection-behind': {
    one: 'A gateway lacks the credentials of a connection',
    many: (count) => `Gateways lack the credentials of ${count} connections`,
    advice: 'It was applied elsewhere. Restart the gateway with the new file, or apply the file to it.',
    commands: () => ['drawbridge apply --url <gateway>'],
  },
  'work-unserved': {
    one: 'Nobody works on what is due at a connection',
    many: (count) => `Nobody works on what is due at ${count} connections`,
    advice: 'See that a gateway runs with this connection, and with the configuration that was applied last.',
    commands: () => ['drawbridge status'],
  },
  'decision-needed': {
    one: 'A decision is needed',
    many: (count) => `${count} decisions are needed`,
    advice:
      'Nothing happens until then. Approve or reject plans; decide about accounts that could not be matched to a person.',
    commands: (where, { subject }) => {
      if (subject === 'import') return [`drawbridge account undecided ${where}`]
      return subject === 'plans' || subject === 'admission'
        ? plans(where)
        : [`drawbridge account list --connection ${where}`]
    },
  },
  'drift-found': {
    one: 'A vendor differs from the directory',
    many: (count) => `${count} vendors differ from the directory`,
    advice:
      'Somebody changed accounts at the vendor. What the policy allows is being repaired; the rest is only reported.',
    commands: (where) => [`drawbridge reconcile ${where}`],
  },
  'reactivated-leaver': {
    one: 'Somebody who was shut out has access again',
    many: (count) => `${count} people who were shut out have access again`,
    advice:
      'Find out at the vendor who restored the access, and end it by hand unless Drawbridge is already doing so.',
    commands: retry,
  },
  'survey-refused': {
    one: 'A vendor could not be compared with the directory',
    many: (count) => `${count} vendors could not be compared with the directory`,
    advice: 'Nothing was concluded. Check the vendor and what the credentials may see, then reconcile again.',
    commands: (where) => [`drawbridge doctor ${where}`, `drawbridge reconcile ${where}`],
  },
  'token-expires': {
    one: 'A token expires soon',
    many: (count) => `${count} tokens expire soon`,
    advice:
      'Replace it before then. Rotate a SCIM token here and enter it at the identity provider; create a vendor’s token at the vendor and enter it in the configuration.',
    commands: () => ['drawbridge token list'],
  },
  'store-restored': {
    one: 'The store was restored',
    many: (count) => `The store was restored: ${count} connections`,
    advice:
      'Only shut-outs run until a reconciliation finds nothing that contradicts the store. Have the identity provider push everybody, then run "drawbridge recovered".',
    commands: (where) => [`drawbridge reconcile ${where}`, `drawbridge recovered ${where}`],
  },
}
