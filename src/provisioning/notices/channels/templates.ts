import type { Notice, NoticeKind } from '../ports.ts'

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
      'Nothing is done there until its credentials work again. Correct them in the configuration and apply it, or mend them at the vendor and let the connection work again.',
    commands: (where) => [`drawbridge doctor ${where}`, `drawbridge retry ${where} --unpark`],
  },
  'guard-tripped': {
    one: 'A limit of the guard tripped',
    many: (count) => `${count} limits of the guard tripped`,
    advice:
      'What goes beyond the limit waits. Look at the plans: approve them if so many are meant, else reject them and mend the directory.',
    commands: plans,
  },
  'shut-out-failed': {
    one: 'A shut-out failed',
    many: (count) => `${count} shut-outs failed`,
    advice:
      'Somebody who left may still have access. Drawbridge tries again every hour; end the access at the vendor by hand if it is urgent.',
    commands: retry,
  },
  'shut-out-waiting': {
    one: 'A shut-out waits',
    many: (count) => `${count} shut-outs wait`,
    advice:
      'Somebody who left may still have access. Look at why it waits, and end it by hand if it is urgent.',
    commands: retry,
  },
  'shut-out-withdrawn': {
    one: 'A shut-out did not hold',
    many: (count) => `${count} shut-outs did not hold`,
    advice: 'It was taken for done, and the vendor shows access again. It is tried anew by itself.',
    commands: retry,
  },
  'update-refused': {
    one: 'A vendor refused a change',
    many: (count) => `Vendors refused ${count} changes`,
    advice:
      'It is tried again when the directory or the rules change. Correct what the vendor names, at the identity provider or in the rules.',
    commands: retry,
  },
  'catalogue-refused': {
    one: 'A vendor offers far fewer roles than before',
    many: (count) => `${count} vendors offer far fewer roles than before`,
    advice:
      'The answer is not believed and nothing is taken away for it. Check what the credentials may see at the vendor.',
    commands: (where) => [`drawbridge doctor ${where}`],
  },
  'decision-needed': {
    one: 'Somebody has to decide',
    many: (count) => `${count} decisions are needed`,
    advice:
      'Nothing happens before that. Plans are approved or rejected; accounts that cannot be told apart are placed.',
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
      'Somebody changed accounts at the vendor. What the policy repairs is being repaired; the rest is only told.',
    commands: (where) => [`drawbridge reconcile ${where}`],
  },
  'reactivated-leaver': {
    one: 'Somebody who was shut out has access again',
    many: (count) => `${count} people who were shut out have access again`,
    advice: 'Find out at the vendor who gave the access back, and end it by hand unless it is being ended.',
    commands: retry,
  },
  'survey-refused': {
    one: 'A vendor could not be compared with the directory',
    many: (count) => `${count} vendors could not be compared with the directory`,
    advice: 'Nothing was concluded. Check the vendor and what the credentials may see, then compare again.',
    commands: (where) => [`drawbridge doctor ${where}`, `drawbridge reconcile ${where}`],
  },
  'token-expires': {
    one: 'A token expires soon',
    many: (count) => `${count} tokens expire soon`,
    advice:
      'Make a new one before that. A SCIM token is rotated here and changed at the identity provider; a vendor’s is made there and changed in the configuration.',
    commands: () => ['drawbridge token list'],
  },
  'store-restored': {
    one: 'The store was restored',
    many: (count) => `The store was restored: ${count} connections`,
    advice:
      'Only shut-outs run until nothing contradicts the store. Let the identity provider push everybody, then say that it has recovered.',
    commands: (where) => [`drawbridge reconcile ${where}`, `drawbridge recovered ${where}`],
  },
}
