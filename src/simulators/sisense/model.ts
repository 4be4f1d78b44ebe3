import type { SimulatorOptions } from '../simulator.ts'
import type { Toggles } from './state/toggles.ts'

export interface SisenseSimulatorOptions extends SimulatorOptions {
  /** `guide`: answers only the routes and fields of the API guide. Default `current`. */
  readonly profile?: 'current' | 'guide'
  /** Toggles to start with, and to go back to at `reset`. */
  readonly toggles?: Partial<Toggles>
  /** Every id of this instance begins with these four hexadecimal digits. */
  readonly instance?: string
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

export interface SimUser {
  readonly _id: string
  userName: string
  email: string
  firstName: string
  lastName: string
  roleId: string
  groups: string[]
  adgroups: string[]
  activeDirectory: boolean
  createdSso: boolean
  active: boolean
  activationExpires?: string
  activationToken?: string
  preferences: Record<string, unknown>
  /** Never answered by v1. */
  password?: string
  lastLogin?: string
  readonly created: string
  lastUpdated: string
}

export type NewUser = Partial<SimUser> & {
  readonly email: string
  /** Name of the role. Default: Viewer. */
  readonly role?: string
}

export interface SimRole {
  readonly _id: string
  readonly name: string
  readonly displayName: string
}

export interface SimGroup {
  readonly _id: string
  name: string
  readonly everyone?: true
  readonly admins?: true
}

export interface SimToken {
  readonly userId: string
  readonly kind: 'api' | 'login'
  /** Milliseconds since the epoch. */
  readonly endsAt: number
}
