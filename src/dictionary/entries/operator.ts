import type { Words } from '../entry.ts'

/** Exit codes of the command line but 0. */
export const exitEntries = {
  1: {
    means: 'The command was understood and could not be carried out, or the doctor found something wrong.',
    todo: 'The message says why; if the gateway refused, it ends with the code to look up here.',
  },
  2: {
    means: 'Unknown command or option, or a configuration that cannot be used. Nothing was done.',
    todo: '`drawbridge <command> --help` lists options; `drawbridge check` lists what is wrong with the file.',
  },
  3: {
    means: 'No gateway could be reached. Nothing was done.',
    todo: 'Start one, or name it with `--url` or `DRAWBRIDGE_URL` and set `DRAWBRIDGE_ADMIN_TOKEN` to its token.',
  },
  4: {
    means: 'The operator token is unknown, or its role does not allow it. Nothing was done.',
    todo: '`drawbridge operator list` shows the roles; an admin can create another operator.',
  },
} as const satisfies Record<number, Words>

/**
 * Refusals of the operator API, by the `code` of the problem document. Codes in capitals are the gateway's own, and
 * `vendor-<kind>` is why an account is not proven: both have their own part of the dictionary.
 */
export const operatorEntries = {
  'token-required': {
    means:
      '401. The token is missing, unknown, expired or revoked; tokens of identity providers are not accepted here.',
    todo: 'Send the secret of an operator, or create one: `drawbridge operator create`.',
  },
  directory: {
    means:
      '403. The operator is limited to some directories, and the request names none of them or concerns more.',
    todo: 'Name a directory (`--directory`), or let an operator without that limit do it.',
  },
  role: {
    means: '403. The role of the operator does not allow it.',
    todo: 'Ask an admin, who can create an operator with that role.',
  },
  'not-found': {
    means: '404. What the address names does not exist, or no longer does.',
    todo: 'List them again.',
  },
  'no-route': {
    means: '404. The operator API has no such endpoint.',
    todo: 'See `/admin/api/v1/openapi.json`; use the same release of the command line and the gateway.',
  },
  invalid: {
    means: '400. The request is not valid: a value, a parameter or a combination.',
    todo: 'The detail names it.',
  },
  busy: {
    means: '409. The account is being worked on right now.',
    todo: 'Try again in a few seconds.',
  },
  'check-failed': {
    means: '409. The vendor does not accept these settings or credentials. Nothing was changed.',
    todo: 'Correct them as the detail says, or save them unchecked with force.',
  },
  'name-taken': {
    means: '409. The name is, or was, in use.',
    todo: 'Choose another name.',
  },
  'no-failed-shut-out': {
    means: '409. The account has no shut-out that failed for good, so there is no risk to accept.',
    todo: 'Look at the account again: `drawbridge account list --user <userName>`.',
  },
  changed: {
    means: '412. It has changed since you read it (`If-Match`).',
    todo: 'Read it again, then decide.',
  },
  'too-many-attempts': {
    means: '429. Too many refused tokens came from this address; valid ones are never limited.',
    todo: 'Wait as long as `Retry-After` says.',
  },
  'listing-refused': {
    means:
      "502. The vendor's list failed, or is empty or much shorter than it should be. Nothing was changed.",
    todo: '`drawbridge doctor <connection>`; then ask again.',
  },
  'store-unavailable': {
    means: '503. The store is not responding.',
    todo: 'Try again in a moment; if it lasts, check PostgreSQL.',
  },
  internal: {
    means: '500. An internal error occurred in the gateway.',
    todo: 'The log shows the cause, under the request id.',
  },
} as const satisfies Record<string, Words>
