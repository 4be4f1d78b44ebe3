import { mutability } from '../errors.ts'
import { sameValue } from './json.ts'

/** An immutable attribute may be set once; later it must be equal or absent. Gives the value to keep. */
export function checkImmutable(path: string, before: unknown, after: unknown): unknown {
  if (before === undefined || after === undefined || sameValue(before, after)) return after ?? before
  throw mutability(`${path} cannot change once it is set. Send the present value, or leave it out.`)
}
