import type { ClientSwitches } from '../client-profiles.ts'
import { tooLarge } from '../errors.ts'
import type { AttributeDefinition } from '../schema/model.ts'
import type { PatchOperation } from './operations.ts'

/** What one operation asks of one attribute. */
export interface Change {
  readonly op: PatchOperation['op']
  readonly definition: AttributeDefinition
  readonly filter: PatchOperation['target']['filter']
  readonly subAttribute: AttributeDefinition | undefined
  readonly value: unknown
  readonly path: string
  readonly switches: ClientSwitches
  readonly effort: Effort
}

/** Steps that a PATCH may still take: operations on long lists with long filters multiply. */
export interface Effort {
  left: number
}

export function spend(effort: Effort, steps: number): void {
  effort.left -= steps
  if (effort.left < 0) throw tooLarge('The operations take too much work together. Send several requests.')
}
