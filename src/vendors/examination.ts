/** One thing that was looked at, and how it stands. */
export interface DoctorFinding {
  /** What was looked at, in a word or two: `scopes`, `region`. */
  readonly check: string
  /** `unknown`: it could not be told, which is no verdict. */
  readonly state: 'ok' | 'warning' | 'failed' | 'unknown'
  /** For people: what was found and, unless it is well, what to do. Holds no secret. */
  readonly detail: string
}

/** A route of the vendor's API that the connector uses. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From the origin, without query; `{…}` stands for one segment. */
  readonly path: string
  /** What does not work without it. */
  readonly purpose: string
  /** A call changes something at the vendor. */
  readonly writes?: true
  /** A 404 is no fault: the connector does without it, or it means that nobody was found. */
  readonly optional?: true
}
