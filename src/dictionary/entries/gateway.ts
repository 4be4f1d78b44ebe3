import type { Words } from '../entry.ts'

/** Problems of the gateway itself, by the code that their message begins with (`GatewayError`). */
export const gatewayEntries = {
  NO_POSTGRES: {
    means: 'No PostgreSQL can be run here.',
    todo: 'Install PostgreSQL 13 or later, or set `DATABASE_URL`.',
  },
  POSTGRES_VERSION: {
    means: 'The PostgreSQL is too old, or not of the version that wrote the data directory.',
    todo: 'Use PostgreSQL 13 or later; for a data directory, the major version that wrote it.',
  },
  POSTGRES_INIT: {
    means: 'The data directory could not be initialised.',
    todo: 'Check free space and permissions; the message holds the reason.',
  },
  POSTGRES_START: {
    means: 'The embedded PostgreSQL did not start.',
    todo: 'The message holds its last lines. Most often it is space, permissions or shared memory.',
  },
  DATA_DIR_IN_USE: {
    means: 'Another gateway is running on the data directory.',
    todo: 'Stop it, set another `DRAWBRIDGE_DATA_DIR`, or let both share a `DATABASE_URL`.',
  },
  DATA_DIR_NOT_OURS: {
    means: 'The data directory belongs to another user.',
    todo: 'Start as that user or as root, or set another `DRAWBRIDGE_DATA_DIR`.',
  },
  DATA_DIR_NOT_ENTERABLE: {
    means: 'The user that runs PostgreSQL may not enter a folder on the way to the data directory.',
    todo: 'Let that user enter the folder (`chmod o+x`), or set another `DRAWBRIDGE_DATA_DIR`.',
  },
  NO_SYSTEM_USER: {
    means:
      'Started by root on a system without the users `postgres` and `nobody`; PostgreSQL never runs as root.',
    todo: 'Start as an ordinary user, or create one of the two.',
  },
  DATABASE_URL: {
    means: 'It is not of the form `postgresql://user:password@host:5432/database`.',
    todo: 'Correct it; special characters of the password are percent-encoded.',
  },
  DATABASE_REFUSED: {
    means: 'Nothing accepts connections at the host and port of `DATABASE_URL`.',
    todo: 'Start PostgreSQL there, open the way to it, or correct `DATABASE_URL`.',
  },
  DATABASE_HOST: {
    means: 'The host of `DATABASE_URL` has no address.',
    todo: 'Correct `DATABASE_URL`, or the name service of this machine.',
  },
  DATABASE_LOGIN: {
    means: 'PostgreSQL does not accept the user or the password of `DATABASE_URL`.',
    todo: 'Correct them; special characters of the password are percent-encoded. `pg_hba.conf` has to let the user in.',
  },
  DATABASE_MISSING: {
    means: 'PostgreSQL has no database of the name in `DATABASE_URL`.',
    todo: 'Create it (`createdb`), or correct `DATABASE_URL`.',
  },
  DATABASE_UNAVAILABLE: {
    means:
      'PostgreSQL at `DATABASE_URL` does not answer, or takes no more connections; the message holds the reason.',
    todo: 'See that it runs and accepts connections, then start again.',
  },
  DATA_DIR_NOT_WRITABLE: {
    means: 'The data directory cannot be made or written.',
    todo: 'Let the user write there, make space, or set another `DRAWBRIDGE_DATA_DIR`.',
  },
  PORT_IN_USE: {
    means: 'Something else listens on the address and port.',
    todo: 'Stop it, or set another `PORT`.',
  },
  PORT_NOT_ALLOWED: {
    means: 'The user may not listen on a port below 1024.',
    todo: 'Set `PORT` to 1024 or above, and let a proxy or the platform map it.',
  },
  HOST_NOT_LOCAL: {
    means: '`HOST` is no address of this machine.',
    todo: 'Set it to one, such as `127.0.0.1`, or to `0.0.0.0` for all of them.',
  },
  TLS_UNUSABLE: {
    means: '`TLS_CERT` and `TLS_KEY` are no certificate and its key, or may not be read.',
    todo: 'Name two PEM files that belong together.',
  },
  MIGRATION_FAILED: {
    means: 'A migration of the store failed; the message names it. It was rolled back.',
    todo: 'Check permissions and space of the database, then start again.',
  },
  MIGRATION_EDITED: {
    means: 'A migration differs from what was applied to this store.',
    todo: 'Reinstall the release: its files were changed.',
  },
  RELEASE_TOO_OLD: {
    means: 'A newer release has changed the store so that this one must not run on it.',
    todo: 'Start the newer release, or restore a backup from before the upgrade.',
  },
  STORE_SHAPE: {
    means: "The database holds tables that are not Drawbridge's own.",
    todo: 'Give Drawbridge a database of its own.',
  },
  STORE_NOT_EMPTY: {
    means: '`restore` and `move` write only to an empty database or data directory.',
    todo: 'Use an empty one.',
  },
  STORE_MOVED: {
    means: 'The store was moved to another database.',
    todo: 'Set `DATABASE_URL` to the new one.',
  },
  GATEWAY_RUNNING: {
    means: '`move` was run while a gateway is running.',
    todo: 'Stop every gateway first.',
  },
  FILE_EXISTS: {
    means: '`backup` never overwrites a file.',
    todo: 'Name another file.',
  },
  FILE_MISSING: {
    means: 'The file to restore does not exist.',
    todo: 'Name an existing backup.',
  },
  BACKUP_UNREADABLE: {
    means: 'The file is not a backup, or was cut short or altered. Nothing was restored.',
    todo: 'Use another backup.',
  },
  ACCOUNT_LINKED: {
    means:
      'An account or group at a vendor is already linked to another person or by another connection; the log names it.',
    todo: 'Decide whose it is: `drawbridge account relink` forgets a link, `drawbridge account ignore` excludes an account.',
  },
  CONFIGURATION: {
    means: 'A configuration that was sent to a gateway cannot be used there.',
    todo: 'The message lists the problems with their lines.',
  },
  CONNECTION_MISSING: {
    means:
      'The file lacks a connection that accounts are linked to: nobody would be shut out there any more.',
    todo: 'Put it back, or stop managing it: `drawbridge apply --detach <directory>/<connection>`.',
  },
  STILL_IN_FILE: {
    means: '`apply --detach` names a connection that the file still has.',
    todo: 'Remove it from the file first.',
  },
  SHUT_OUTS_UNPROVEN: {
    means: "Somebody's access at the connection to be detached should end, and is not proven to have ended.",
    todo: 'Wait, end it at the vendor by hand, or add `--abandon`.',
  },
  VENDOR_CHANGED: {
    means: 'A connection has a different vendor than before.',
    todo: 'Give it another name.',
  },
  TENANT_CHANGED: {
    means: 'Settings or credentials of a connection lead to another tenant than the one its accounts are in.',
    todo: 'Restore them, or create a connection with another name for the other tenant.',
  },
  NO_VENDOR: {
    means: 'The store holds a connection of a vendor that this release does not have.',
    todo: 'Start the release that created it, or detach the connection there.',
  },
  NO_CONNECTION: {
    means: 'There is no connection with that name, or it was removed.',
    todo: 'The message lists the connections; so does `drawbridge connection list`.',
  },
  CONNECTION_MANAGED: {
    means:
      'The connection was created through the operator API, so a configuration file can neither hold nor detach it.',
    todo: 'Give the one in the file another name, or detach the other: `drawbridge connection detach`.',
    formerly: ['CONNECTION_IN_CONSOLE'],
  },
  CONNECTION_FROM_FILE: {
    means: 'The connection comes from the configuration file and is read-only here.',
    todo: 'Change the file and apply it.',
  },
  NAME_TAKEN: {
    means: 'The directory already has a connection with that name.',
    todo: 'Choose another name.',
  },
  NOT_CHECKED: {
    means: 'The connection has not been checked since it last changed.',
    todo: '`drawbridge connection check <connection>`.',
  },
  CHANGED_MEANWHILE: {
    means: 'Somebody changed the connection in the meantime.',
    todo: 'Read it again, then decide.',
  },
  MASTER_KEY_MISSING: {
    means:
      'Credentials are sealed with a key that `DRAWBRIDGE_MASTER_KEY` does not hold; the message names its id.',
    todo: 'Add the key to the list.',
  },
  SEAL_UNBOUND: {
    means:
      'Credentials that a former release sealed are not bound to a host, and the one that their connection names is none of the vendor’s own. The connection is parked.',
    todo: 'Look whether the settings are right, then enter the credentials again: `drawbridge connection credentials`.',
  },
  MASTER_KEY_WRONG: {
    means:
      'Credentials do not open with the key of that id: the key is another one, or vendor, directory, API profile or settings of the row were changed in the database. The connection is parked; nothing is sent.',
    todo: 'Correct the key. Where it is right, look who changed the row, correct the settings, and enter the credentials again: `drawbridge connection credentials`.',
  },
  KEY_NOT_EVERYWHERE: {
    means: '`keys rotate` was run while a running process does not hold the key that would seal.',
    todo: 'Give the key to every gateway and restart them one after the other. A gateway that was killed still counts for 20 seconds.',
  },
  USER_UNKNOWN: {
    means: '`audit erase` names nobody in the directory.',
    todo: 'Look the person up: `drawbridge account list --user <userName>`.',
  },
} as const satisfies Record<string, Words>
