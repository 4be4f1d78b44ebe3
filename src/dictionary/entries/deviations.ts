import type { Deviation } from '../../model/plan.ts'
import type { Words } from '../entry.ts'

/** What is wanted and impossible at a vendor, or forbidden by policy; the account may be proven all the same. */
export const deviationEntries = {
  'attribute-immutable': {
    means: 'The vendor cannot change this attribute once the account is made.',
    todo: 'Change it at the vendor by hand, or leave it.',
  },
  'attribute-not-kept': {
    means: 'The vendor keeps no such attribute, or leaves it to the person.',
    todo: 'Nothing.',
  },
  'login-immutable': {
    means: 'The vendor cannot change a login: the account keeps the old one.',
    todo: 'Leave it, or choose `rename: recreate`.',
  },
  'entitlement-unknown': {
    means: 'A rule names a role or group that the vendor does not have. What it granted before is kept.',
    todo: 'Correct the name; the detail lists the nearest.',
  },
  'entitlement-ambiguous': {
    means: 'A rule names several roles or groups at once. Nothing is granted by it.',
    todo: 'Name it by id, or rename one.',
  },
  'entitlement-refused': {
    means: 'The role exists and cannot be granted by these credentials or to this account.',
    todo: 'The detail says why.',
  },
  'entitlement-scope-conflict': {
    means: 'Rules name several scope levels for one person, and the vendor keeps an account at one.',
    todo: 'Let the rules name one level; until then the account stays as it is.',
  },
  'entitlement-kind-missing': {
    means: 'The vendor has no entitlements of this kind in this API profile.',
    todo: 'Take the rule out, or see docs/vendors/capabilities.md for the profile that has them.',
  },
  'entitlement-deferred': {
    means: 'It can be granted only later, such as when an invitation is accepted.',
    todo: 'Nothing: it comes by itself.',
  },
  'entitlement-inherited': {
    means: 'The account holds it through a group or parent of the vendor, so it cannot be taken away alone.',
    todo: 'Change the group at the vendor.',
  },
  'group-awaited': {
    means: 'A group that a rule names is not there, and is not made by Drawbridge in this API profile.',
    todo: 'Make it by hand, or correct the rule.',
  },
  'setting-unknown': {
    means: 'A rule sets something that accounts of this vendor do not have.',
    todo: 'Take it out of the rule.',
  },
  'setting-read-only': {
    means: 'A rule sets something that this API profile only shows.',
    todo: 'Set it by hand, or take it out of the rule.',
  },
  'no-usable-step': {
    means: 'None of the wanted steps of a shut-out can be used; the next one of the list is taken.',
    todo: 'Name steps that the vendor has: docs/vendors/capabilities.md.',
  },
  held: {
    means: 'An operator holds the person shut out although the directory wants them active.',
    todo: '`drawbridge release <userName>` ends it.',
  },
  'can-still-sign-in': {
    means:
      'The access of somebody who left has ended, and the account is still there and not switched off: the person can sign in, with the role that the detail names or without one.',
    todo: 'Put `remove`, or `disable` where the vendor has it, into `deprovision`; or switch the account off at the vendor by hand.',
  },
  'invitation-expired': {
    means: 'The invitation was not accepted in time.',
    todo: 'Invite again, or let `reinvite: once` do it.',
  },
} as const satisfies Record<Deviation['code'], Words>
