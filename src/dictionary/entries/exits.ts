import type { Words } from './entry.ts'

/** Exit codes of the command line but 0. */
export const exitEntries = {
  1: {
    means: 'The command was understood and could not be carried out, or the doctor found something wrong.',
    todo: 'The message says what; where the gateway refused, it ends in the code to look for here.',
  },
  2: {
    means: 'Unknown command or option, or a configuration that cannot be used. Nothing was done.',
    todo: '`drawbridge <command> --help` lists options; `drawbridge check` lists what is wrong with the file.',
  },
  3: {
    means: 'No gateway could be reached. Nothing was done.',
    todo: 'Start one, or name it with `--url` or `DRAWBRIDGE_URL`, and its token with `DRAWBRIDGE_ADMIN_TOKEN`.',
  },
  4: {
    means: 'The operator token is unknown, or its role does not allow it. Nothing was done.',
    todo: '`drawbridge operator list` shows who may what; an admin can make another operator.',
  },
} as const satisfies Record<number, Words>
