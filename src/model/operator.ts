export const roles = ['viewer', 'operator', 'admin'] as const
/** Each may do what those before it may: read, act on accounts and plans, change tokens, operators and configuration. */
export type Role = (typeof roles)[number]

/** Who may use the operator API, as a token told. */
export interface OperatorRef {
  readonly name: string
  readonly role: Role
  /** Names of the directories that the role is good for; absent: all, and what concerns the whole gateway. */
  readonly directories?: readonly string[]
}

/** Who changes something, for its event. */
export interface Change {
  /** `operator:<name>`. */
  readonly actor: string
  readonly requestId: string
}

/** `after` is the id of the last item of the page before. */
export interface PageRequest {
  readonly after?: string
  readonly limit: number
}
