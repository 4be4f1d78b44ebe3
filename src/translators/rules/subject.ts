import type { GroupRef, Matching } from '../../model/plan.ts'

/** Whom rules are read for. */
export interface Subject {
  readonly groups: readonly GroupRef[]
  /** The SCIM User as wanted; without it rules over attributes and roles concern nobody. */
  readonly resource?: Readonly<Record<string, unknown>>
}

/** What reading a rule needs beside the person; whatever a rule needs and is not given is an error, never a mismatch. */
export interface Reading {
  readonly matching?: Matching | undefined
  /** ISO 8601 instant. */
  readonly now?: string | undefined
  /** Name of the connection: values of roles may name entitlements of another one. */
  readonly connection?: string | undefined
}
