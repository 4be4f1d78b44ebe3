import { expiredCursor } from '../../errors.ts'
import { compareSortKeys, matches, type SortKey, sortKeyOf } from '../../filter/index.ts'
import type { DirectoryRef } from '../../ports.ts'
import type { ResourceModel } from '../../schema/model.ts'
import type { Listed, Placed } from './collect.ts'

interface Entry extends Placed {
  readonly resource: Readonly<Record<string, unknown>>
  readonly key: SortKey
}

/** Nobody created them here. */
const created = new Date(0)

/** A resource type of which all resources are read at once, as clients see them, in a stable order. */
export function listedWhole(
  model: ResourceModel,
  all: (directory: DirectoryRef) => Promise<readonly Readonly<Record<string, unknown>>[]>,
): Listed {
  return {
    model,
    async list(directory, { filter, sort, after, startIndex, count }) {
      const entries: Entry[] = (await all(directory))
        .filter((resource) => !filter || matches(filter, resource))
        .map((resource) => ({
          id: String(resource['id']),
          created,
          resource,
          key: sort ? sortKeyOf(sort.path, resource) : null,
        }))
      if (sort) entries.sort((a, b) => compareSortKeys(a.key, b.key, sort.descending))
      const skipped = after ? entries.findIndex(({ id }) => id === after.id) + 1 : 0
      if (after && skipped === 0)
        throw expiredCursor('What is listed has changed. Begin again with an empty cursor.')
      const page = entries.slice(skipped + startIndex - 1, skipped + startIndex - 1 + count)
      return { total: entries.length, resources: page, ...(sort && { keys: page.map(({ key }) => key) }) }
    },
    // Only what `list` gave is ever shown.
    show: async (_directory, entries, { projection }) =>
      (entries as readonly Entry[]).map(({ resource }) => projection.apply(resource)),
  }
}
