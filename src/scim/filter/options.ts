/** What `ClientSwitches` says about filters; the switches themselves may be passed. */
export interface FilterOptions {
  /** Unquoted literals, `manager eq "x"`, extension attributes without URN, `+` left over from form encoding. */
  readonly lenient?: boolean
  /** `active eq "True"` compares as a boolean. Default: as `lenient`. */
  readonly stringBooleans?: boolean
}
