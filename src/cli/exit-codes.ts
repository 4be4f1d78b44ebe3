/** What a command's exit code says; docs/operations.md lists them. */
export const exitCodes = {
  ok: 0,
  /** The command was understood and could not be carried out. */
  failed: 1,
  /** Unknown command or option, or a configuration that cannot be used; nothing was done. */
  usage: 2,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
