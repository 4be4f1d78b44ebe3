import { expiredCursor, tooMany } from '../errors.ts'
import { compareSortKeys, type SortKey, sortKeyOf } from '../filter/sort.ts'
import { matches } from '../filter/evaluate.ts'
import type { ListQuery, Page, Position } from '../ports.ts'
import type { View } from '../resources.ts'
import type { ResourceModel } from '../schema/model.ts'
import type { DirectoryRef } from '../../model/directory.ts'
import type { Filter, Sort } from '../filter/ast.ts'

/** What is needed of a resource to find its place in a list. */
interface ListedResource {
  readonly id: string
  readonly created: Date
}

/** What is needed of a resource type to list its resources; it shows only what it listed itself. */
export interface Listed {
  readonly model: ResourceModel
  list(directory: DirectoryRef, query: ListQuery): Promise<Page<ListedResource>>
  show(directory: DirectoryRef, resources: readonly ListedResource[], view: View): Promise<readonly object[]>
}

/** A resource type as a part of a list. */
export interface ListPart extends BoundQuery {
  readonly type: Listed
}

/** Where each part goes on; null: from its beginning. */
type Positions = readonly (Position | null)[]

export interface PageRequest {
  /** 1-based; counted from `places` where they are given. */
  readonly startIndex: number
  readonly count: number
  /** Whether to look for what comes next. */
  readonly goesOn: boolean
  readonly places?: Positions | undefined
  /** Known from an earlier page. */
  readonly total?: number | undefined
}

interface Collected {
  readonly total: number
  /** As the client sees them. */
  readonly shown: readonly object[]
  /** Where the next page begins; undefined after the last one. */
  readonly next: Positions | undefined
}

interface Found {
  readonly part: number
  readonly resource: ListedResource
  readonly key: SortKey
}

/** Most resources that are read to find one page of several sorted types. */
const mostMerged = 10_000

/**
 * One page of a list over one or several resource types. In the order of creation one type comes after the other; a
 * sorted list mixes them.
 */
export async function collect(
  parts: readonly ListPart[],
  directory: DirectoryRef,
  wanted: PageRequest,
): Promise<Collected> {
  const mixed = parts.length > 1 && parts.some(({ sort }) => sort)
  const { total, found, cut } = await (mixed ? merged : oneAfterTheOther)(parts, directory, wanted)
  const shown = await show(parts, directory, found.slice(0, wanted.count))
  const more = wanted.goesOn && (cut || found.length > shown.length)
  return { total, shown, next: more ? placesAfter(parts, wanted, found.slice(0, shown.length)) : undefined }
}

interface Gathered {
  readonly total: number
  /** One more than wanted, where there is one and the list goes on. */
  readonly found: readonly Found[]
  /** More that were wanted did not fit. */
  readonly cut: boolean
}

async function oneAfterTheOther(
  parts: readonly ListPart[],
  directory: DirectoryRef,
  { startIndex, count, goesOn, places, total: known }: PageRequest,
): Promise<Gathered> {
  const found: Found[] = []
  let total = 0
  let cut = false
  let skip = startIndex - 1
  for (const [at, part] of parts.entries()) {
    const room = cut ? 0 : count + Number(goesOn) - found.length
    if (room === 0 && known !== undefined) break
    const page = await ask(part, directory, { startIndex: skip + 1, count: room, after: places?.[at], known })
    found.push(...page.resources.map((resource, n) => ({ part: at, resource, key: page.keys?.[n] ?? null })))
    total += page.total
    skip = Math.max(0, skip - page.total)
    cut ||= page.cut ?? false
  }
  return { total: known ?? total, found, cut }
}

async function merged(
  parts: readonly ListPart[],
  directory: DirectoryRef,
  { startIndex, count, goesOn, places, total: known }: PageRequest,
): Promise<Gathered> {
  const skip = startIndex - 1
  if (skip + count > mostMerged) {
    throw tooMany(
      `Only the first ${mostMerged} resources of several sorted types can be reached by index. Use a cursor, or ask for one type.`,
    )
  }
  const descending = parts.some(({ sort }) => sort?.descending)
  const pages = await Promise.all(
    parts.map((part, at) =>
      ask(part, directory, {
        startIndex: 1,
        count: skip + count + Number(goesOn),
        after: places?.[at],
        known,
      }),
    ),
  )
  const all = pages
    .flatMap(({ resources, keys }, part) =>
      resources.map((resource, n): Found => ({ part, resource, key: keys?.[n] ?? null })),
    )
    .sort((a, b) => compareSortKeys(a.key, b.key, descending) || byCreation(a, b))
  // Beyond the last one of a type that was cut its next ones would come.
  const ends = pages.flatMap(({ cut }, at) => (cut ? [all.findLastIndex(({ part }) => part === at) + 1] : []))
  const sure = all.slice(0, Math.min(...ends, all.length))
  const found = sure.slice(skip, skip + count + Number(goesOn))
  if (ends.length > 0 && found.length === 0) {
    throw tooMany(
      'So far into several sorted types a list goes only by cursor. Use one, or ask for one type.',
    )
  }
  return {
    total: known ?? pages.reduce((sum, { total }) => sum + total, 0),
    found,
    cut: ends.length > 0 && found.length < count,
  }
}

interface Window {
  readonly startIndex: number
  readonly count: number
  readonly after: Position | null | undefined
  readonly known: number | undefined
}

function ask({ type, filter, sort }: ListPart, directory: DirectoryRef, window: Window) {
  const { startIndex, count, after, known } = window
  return type.list(directory, {
    filter,
    sort,
    startIndex,
    count,
    after: after ?? undefined,
    total: known,
  })
}

function byCreation({ resource: a }: Found, { resource: b }: Found): number {
  return a.created.getTime() - b.created.getTime() || (a.id < b.id ? -1 : Number(a.id > b.id))
}

/** Each part goes on after the last of its resources that the client has seen. */
function placesAfter(parts: readonly ListPart[], { places }: PageRequest, page: readonly Found[]): Positions {
  return parts.map((_, at) => {
    const last = page.findLast(({ part }) => part === at)
    if (!last) return places?.[at] ?? null
    return { key: last.key, created: last.resource.created.toISOString(), id: last.resource.id }
  })
}

async function show(
  parts: readonly ListPart[],
  directory: DirectoryRef,
  page: readonly Found[],
): Promise<readonly object[]> {
  const shown = await Promise.all(
    parts.map(({ type, view }, at) =>
      type.show(
        directory,
        page.filter(({ part }) => part === at).map(({ resource }) => resource),
        view,
      ),
    ),
  )
  const iterators = shown.map((each) => each.values())
  const visible: object[] = []
  for (const { part } of page) {
    const next = iterators[part]?.next().value
    // What one type had no room for comes on the next page, and so does all that follows.
    if (next === undefined) break
    visible.push(next)
  }
  return visible
}

interface Entry extends ListedResource {
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

/** How one resource type takes part in a list. */
export interface BoundQuery {
  readonly filter: Filter | undefined
  /** Undefined: in the order of creation. */
  readonly sort: Sort | undefined
  readonly view: View
}
