import type { AccountFailure } from '../../model/work.ts'
import type { Words } from '../entry.ts'

const byItself = 'Nothing: it is tried again by itself.'

/** Why an account is not proven: failures of vendor calls, then refusals and waits of the gateway's own. */
export const accountEntries = {
  'rate-limited': {
    means:
      'The vendor asked to slow down. Calls of that kind pause for as long as it says; shut-outs go first.',
    todo: 'Nothing. If it happens all day, lower `ratePercent` or find out who else uses the API.',
  },
  unavailable: {
    means: 'The vendor could not be reached, answered 5xx, or its answer was lost.',
    todo: `${byItself} A creation looks the account up before it is repeated.`,
  },
  unexpected: {
    means: 'The vendor answered something that is not understood.',
    todo: 'It is tried again. If it stays, look at `drawbridge doctor <connection>`: another API profile may be meant.',
  },
  quota: {
    means: 'The vendor has no seat, licence or invitation left for this.',
    todo: 'Buy or free a seat at the vendor. It is tried again every hour; `drawbridge retry` tries at once.',
  },
  unauthenticated: {
    means: 'The vendor refused the credentials. The connection is parked: no calls, everybody pending.',
    todo: 'Correct the credentials and `drawbridge apply`; mended at the vendor: `drawbridge retry <connection> --unpark`.',
  },
  'missing-scope': {
    means: 'The credentials lack a permission. The connection is parked: no calls, everybody pending.',
    todo: 'Grant what `drawbridge doctor <connection>` names, then `drawbridge retry <connection> --unpark`.',
  },
  'not-found': {
    means: 'The account, role or group is not at the vendor any more.',
    todo: 'The account is looked up by its login again, once. If it stays, see whether somebody removed it by hand.',
  },
  conflict: {
    means: 'The vendor has an account under that login already, and it was not taken over.',
    todo: 'Find it at the vendor; `adopt` of the connection says when it is linked.',
  },
  forbidden: {
    means: 'The vendor forbids this for this very account. It is refused for good until something changes.',
    todo: "Do what the vendor's words ask for, or change the account by hand.",
  },
  invalid: {
    means: 'The vendor rejected a value that was sent. It is refused for good until something changes.',
    todo: "Correct the attribute that the vendor's words name, at the identity provider or in the rules.",
  },
  unsupported: {
    means: 'The vendor has no way to do this in this API profile.',
    todo: 'See what it can: docs/vendors/capabilities.md. Do it by hand if it must be.',
  },
  'own-identity': {
    means: "It is the gateway's own account at the vendor: it is never changed.",
    todo: 'Use credentials of another account for the connection first.',
  },
  'service-account': {
    means: 'The account stands for a machine, not for a person: it is never adopted, changed or shut out.',
    todo: 'Give the person another login at the identity provider.',
  },
  'last-owner': {
    means:
      'The person is the only owner or super user there; without them nobody could administer the vendor.',
    todo: 'Make somebody else an owner; the next try goes through.',
  },
  'managed-elsewhere': {
    means:
      'Somebody else manages the account, such as native SCIM or single sign-on, and the vendor refuses our writes.',
    todo: 'Switch that off there: docs/guides/cut-over.md.',
  },
  ambiguous: {
    means: 'It cannot be told which account is meant, or whether it may be taken over.',
    todo: '`drawbridge account undecided <connection>`, then `account decide`.',
  },
  'adopt-refused': {
    means: 'A group of that name is there already, and `adopt: never` forbids to take it.',
    todo: 'Rename or remove it at the vendor, or allow it with `adopt`.',
  },
  'no-login': {
    means:
      'Vendors know people by e-mail address, and neither userName nor the primary, the work or the only e-mail is one (`#EXT#` does not count). The detail says what each lacks.',
    todo: 'Map an e-mail address to userName, or to the primary or work e-mail.',
  },
  domain: {
    means: 'The domain of the login is not among `domains` of the directory.',
    todo: 'Add the domain, or do not assign the person.',
  },
  'no-step': {
    means: 'None of the steps of `deprovision` ends the access at this vendor, or none held.',
    todo: 'Name a step that the vendor has (`drawbridge check` lists them), or end the access by hand.',
  },
  protected: {
    means:
      '`guard.protect` names the account: it is never changed, and a shut-out of it is refused for good.',
    todo: 'Take it out of the list, or end the access by hand.',
  },
  shadow: {
    means: 'The connection only watches (`mode: shadow`): the plan is recorded, nothing is written.',
    todo: '`drawbridge plan <connection>` shows it; `mode: approve` or `enforce` carries it out.',
  },
  approval: {
    means:
      'The plan waits until somebody approves it (`mode: approve`, or people who came with a new connection).',
    todo: '`drawbridge plan <connection>`, then `drawbridge approve` or `reject`.',
  },
  rejected: {
    means: 'An operator rejected the plan. It is not done until the plan changes.',
    todo: 'Approve it by its id if it is meant after all.',
  },
  'mass-change': {
    means:
      'A limit of the guard tripped: more people would lose something within the time than is usual. The rest waits.',
    todo: 'It was meant: `drawbridge approve <connection> --all`. It was not: mend the identity provider first.',
  },
  'rename-refused': {
    means: 'The vendor cannot change a login, and `rename: reject` says not to make a new account.',
    todo: 'Change the login at the vendor by hand, or choose `rename: keep` or `recreate`.',
  },
  unmanaged: {
    means: 'An operator took the account out of provisioning: it is listed and never written.',
    todo: '`drawbridge account manage <account>` takes it back.',
  },
  restored: {
    means:
      'The store was restored from a backup: until the account is compared with the vendor only shut-outs run.',
    todo: 'Push everybody again, then `drawbridge recovered <connection>`: docs/guides/runbooks.md.',
  },
  predecessor: {
    means: 'The login was that of a User who was deleted, and the removal of that one is not proven yet.',
    todo: 'Nothing: the account comes right after. If it stays, `drawbridge account list --status unproven` says what the removal waits for.',
  },
  'waiting-group': {
    means: "A group that a rule makes (`create: true`) is not there yet, or is somebody else's.",
    todo: 'It comes with the pushed group; the words say if it must be made or freed by hand.',
  },
} as const satisfies Record<AccountFailure['kind'], Words>
