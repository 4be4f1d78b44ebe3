import type { Words } from '../entry.ts'

/** Problems of the configuration file and the environment, by the place that a problem's path names. */
export const configurationEntries = {
  file: {
    means: 'The file cannot be read, is no YAML, or lacks the block `directories:`.',
    todo: 'Correct the line that is named; docs/configuration.md has the whole grammar.',
  },
  environment: {
    means: 'An environment variable has a value that cannot be used, or one of a pair is missing.',
    todo: 'Correct the variable that is named: docs/configuration.md, process settings.',
  },
  directory: {
    means: 'A key of a directory is unknown or has a value that cannot be used.',
    todo: 'Correct it: docs/configuration.md, directory. A mistyped key is named with the nearest known one.',
  },
  tokens: {
    means: 'A SCIM token of the file cannot be used: too short, not printable, or the same as another.',
    todo: 'Give each token a secret of its own, 16 printable characters or more, or `drawbridge token create`.',
  },
  connection: {
    means: 'A key of a connection is unknown, or its value does not fit the vendor.',
    todo: 'Correct it: docs/configuration.md, connection.',
  },
  settings: {
    means: 'A setting is missing, unknown to the vendor, or leads to an address that is not allowed.',
    todo: 'Correct it: docs/configuration.md, settings and credentials. A private or plain http address needs `DRAWBRIDGE_INSECURE_TARGETS`.',
  },
  credentials: {
    means: 'A credential is missing or unknown, or a reference (`${NAME}`, `file:/path`) leads to nothing.',
    todo: 'Set the variable, or put the file where the reference looks.',
  },
  rules: {
    means: 'A rule, or `default`, does not say one thing that the vendor can do.',
    todo: 'Correct it: docs/configuration.md, rules. `drawbridge check --live` compares the names too.',
  },
} as const satisfies Record<string, Words>

export type ConfigurationCode = keyof typeof configurationEntries

/** What a problem is about, by its path: `directories.corp.connections.falcon.rules[0].role` is about rules. */
export function configurationCode(path: string): ConfigurationCode {
  const words = path.replaceAll(/"(?:[^"\\]|\\.)*"/g, '-').split(/[.[]/)
  if (words[0] !== 'directories' || words.length < 2) return 'file'
  if (words[2] === 'tokens') return 'tokens'
  if (words[2] !== 'connections' || words.length < 4) return 'directory'
  const part = words[4]
  if (part === 'rules' || part === 'default') return 'rules'
  return part === 'settings' || part === 'credentials' ? part : 'connection'
}
