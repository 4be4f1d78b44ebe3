import type { NoticeKind } from '../../model/notice.ts'
import type { Words } from '../entry.ts'

/** What people should look at, by the kind of the notice. */
export const noticeEntries = {
  'connection-parked': {
    means:
      'The credentials of a connection were refused, lack a permission, or lead to another tenant. It makes no calls.',
    todo: '`drawbridge doctor <connection>` says which; correct them and `drawbridge apply`, or `drawbridge retry <connection> --unpark`.',
  },
  'guard-tripped': {
    means:
      'More people would lose access or grants in that time than the guard allows. The rest waits as plans.',
    todo: '`drawbridge plan <connection>`; approve them if they are intended, otherwise correct the identity provider first.',
  },
  'shut-out-failed': {
    means:
      'A shut-out was refused for good: somebody who left may still have access. It is retried every hour.',
    todo: 'Do what the notice says, or end the access at the vendor by hand; the next read proves it.',
  },
  'shut-out-waiting': {
    means: 'A shut-out is waiting for a decision or something else: somebody who left may still have access.',
    todo: '`drawbridge explain <userName>` says for what; if it is urgent, end the access by hand.',
  },
  'leaver-can-sign-in': {
    means:
      'Somebody who left has nothing any more at a vendor but can still sign in: the account was neither removed nor switched off.',
    todo: '`drawbridge explain <userName>` says with which role. Put `remove` into `deprovision`, or switch the account off by hand.',
  },
  'shut-out-withdrawn': {
    means: 'A shut-out was considered done, but the vendor shows access again.',
    todo: 'Drawbridge retries it by itself; see that it becomes proven.',
  },
  'update-refused': {
    means: 'A vendor refused a change of a person for good.',
    todo: 'Correct what the vendor names, at the identity provider or in the rules.',
  },
  'catalogue-refused': {
    means:
      'A vendor offers far fewer roles or groups than before. Drawbridge does not trust that answer, and removes nothing.',
    todo: 'Check what the credentials may see: `drawbridge doctor <connection>`.',
  },
  'replies-differ': {
    means:
      'A vendor answers otherwise than documented in some fields. They count as absent, and entries that cannot be read are set aside; nothing else stops.',
    todo: '`drawbridge status` and `drawbridge doctor <connection>` name the fields: tell the maintainers.',
  },
  'connection-behind': {
    means:
      'A connection is new, or was given other settings, by an `apply` that did not go to this gateway: it has no credentials for it and does not work on it.',
    todo: 'Restart the gateway with the new file, or `drawbridge apply --url <gateway>`.',
  },
  'work-unserved': {
    means: 'Accounts of a connection have been due for more than a minute and no gateway works on them.',
    todo: '`drawbridge status` shows how many; see that a gateway runs with this connection and with the configuration that was applied last.',
  },
  'decision-needed': {
    means: 'Plans or accounts are waiting for a decision.',
    todo: '`drawbridge plan <connection> --state waiting`, or `drawbridge account undecided <connection>`.',
  },
  'drift-found': {
    means: 'A vendor differs from what was proven: somebody changed accounts there.',
    todo: '`drawbridge reconcile <connection>` shows it; `reconcile.repair` says what is repaired automatically.',
  },
  'reactivated-leaver': {
    means: 'Somebody who was shut out has access again.',
    todo: 'Find out at the vendor who restored it; end it by hand unless Drawbridge is already doing so.',
  },
  'survey-refused': {
    means: "A vendor's list failed, was empty or far too short: nothing was concluded from it.",
    todo: '`drawbridge doctor <connection>`, then `drawbridge reconcile <connection>`.',
  },
  'token-expires': {
    means: 'A credential or token ends within 30, 7 or 1 days, or has ended.',
    todo: 'Replace it before then: docs/guides/runbooks.md, a credential is rotated.',
  },
  'store-restored': {
    means: 'The store was restored from a backup or moved. Only shut-outs run until nothing contradicts it.',
    todo: 'Have the identity provider push everybody, then run `drawbridge recovered <connection>`: docs/guides/runbooks.md, restore.',
  },
} as const satisfies Record<NoticeKind, Words>
