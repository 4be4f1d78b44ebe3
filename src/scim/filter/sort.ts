import { invalidPath, quoted } from '../errors.ts'
import { type ResourceModel, resolvePath, subAttributeOf } from '../schema/model.ts'
import type { Sort } from './ast.ts'
import type { FilterOptions } from './options.ts'

/**
 * Binds `sortBy` to the schema (RFC 7644 §3.4.2.3); undefined when the resource type has no such attribute. Throws 400
 * `invalidPath` for attributes that have no order. Every `sortOrder` but `descending` means ascending.
 */
export function parseSort(
  sortBy: string,
  sortOrder: string | undefined,
  model: ResourceModel,
  options: FilterOptions = {},
): Sort | undefined {
  const path = resolvePath(model, sortBy.trim(), { shortNames: options.lenient ?? false })
  const definition = path?.subAttribute ?? path?.attribute
  if (!path || !definition) return undefined
  if (definition.returned === 'never') throw invalidPath(`Lists cannot be sorted by ${quoted(sortBy)}.`)
  const compared = definition.type === 'complex' ? subAttributeOf(definition, 'value') : definition
  if (!compared) {
    throw invalidPath(`${quoted(sortBy)} has several parts. Sort by one of them, such as name.familyName.`)
  }
  return {
    path: {
      names: compared === definition ? path.names : [...path.names, compared.name],
      type: compared.type,
      caseExact: compared.caseExact,
      multiValued: (path.attribute?.multiValued ?? false) || definition.multiValued,
    },
    descending: sortOrder?.trim().toLowerCase() === 'descending',
  }
}
