import type { ApiProfile, Finding, PlanFacts, Route } from '../vendors/contract.ts'

export type { Finding } from '../vendors/contract.ts'

export interface RouteFinding extends Pick<Route, 'method' | 'path' | 'purpose'> {
  readonly writes: boolean
  readonly state: Finding['state']
  readonly detail: string
}

/** Whether the vendor's own SCIM is in the way, out of reach, or cannot be told. */
export interface NativeScim {
  readonly nativeScim: 'active' | 'locked' | 'unknown'
  readonly nativeScimReason: string
}

/** Everything that the doctor found of one connection; plain JSON, without secrets. */
export interface Report extends NativeScim {
  /** No finding and no route failed. */
  readonly ok: boolean
  readonly connection: string
  readonly directory: string
  readonly vendor: string
  readonly profile: { readonly configured: 'auto' | ApiProfile; readonly used: ApiProfile }
  readonly findings: readonly Finding[]
  readonly routes: readonly RouteFinding[]
  /** What the tenant pays for, as configured. */
  readonly plan?: string
  /** What native SCIM asks for and lacks, and what Drawbridge does instead. */
  readonly gaps?: PlanFacts
}
