import { explainedBy } from '../model/errors.ts'

/** What a command's exit code says; docs/command-line.md lists them. */
export const exitCodes = {
  ok: 0,
  /** The command was understood and could not be carried out. */
  failed: 1,
  /** Unknown command or option, or a configuration that cannot be used; nothing was done. */
  usage: 2,
  /** No gateway could be reached. */
  unreachable: 3,
  /** The operator's token is unknown, or its role does not allow it. */
  refused: 4,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export const exitCodeMeanings: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'the command could not be carried out, or the doctor found something wrong',
  2: 'unknown command or option, or a configuration that cannot be used; nothing was done',
  3: 'no gateway could be reached; nothing was done',
  4: 'the operator token is unknown, or its role does not allow it; nothing was done',
}

/** Ends a command with an exit code and one sentence that says what to do. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: ExitCode
  /** The command that explains it. */
  readonly see: string
  constructor(exitCode: ExitCode, message: string, see: string = explainedBy('exit', exitCode)) {
    super(message)
    this.exitCode = exitCode
    this.see = see
  }
}
