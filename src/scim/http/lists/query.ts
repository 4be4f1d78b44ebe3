import { invalidCount, invalidPath, invalidValue, quoted } from '../../errors.ts'
import { type Filter, parseFilter, parseSort, type Sort } from '../../filter/index.ts'
import { switchesOf } from '../../client-profiles.ts'
import type { DirectoryRef } from '../../ports.ts'
import { compileProjection } from '../../projection.ts'
import type { View } from '../../resources.ts'
import type { ResourceModel } from '../../schema/model.ts'
import { type PageLimits, pageWindow, type ReadParameters } from '../request/query-parameters.ts'

/** How one resource type takes part in a list. */
export interface Asked {
  readonly filter: Filter | undefined
  /** Undefined: in the order of creation. */
  readonly sort: Sort | undefined
  readonly view: View
}

/** Binds filter, order and projection to each resource type; what a type lacks counts as absent (RFC 7644 §3.4.2.1). */
export function bindQuery(
  models: readonly ResourceModel[],
  directory: DirectoryRef,
  asked: ReadParameters,
  baseUrl: string,
): readonly Asked[] {
  const switches = switchesOf(directory.client)
  const sortBy = asked.sortBy?.trim()
  const bound = models.map((model) => ({
    filter: asked.filter === undefined ? undefined : parseFilter(asked.filter, model, switches),
    sort: sortBy ? parseSort(sortBy, asked.sortOrder, model, switches) : undefined,
    view: { projection: compileProjection(model, asked), baseUrl },
  }))
  if (sortBy && bound.every(({ sort }) => !sort)) {
    throw invalidPath(`Lists cannot be sorted by ${quoted(sortBy)}: there is no such attribute.`)
  }
  return bound
}

/** Which page: by index, or after what a cursor says; an empty cursor is the first page. */
export type PageAsked =
  | { readonly by: 'index'; readonly startIndex: number; readonly count: number }
  | { readonly by: 'cursor'; readonly cursor: string; readonly count: number }

/** A client that names no cursor pages by index, as all did before RFC 9865. */
export function pageAsked(asked: ReadParameters, limits: PageLimits): PageAsked {
  const { cursor } = asked
  if (cursor === undefined) return { by: 'index', ...pageWindow(asked, limits) }
  if (pageWindow({ startIndex: asked.startIndex }, limits).startIndex > 1) {
    throw invalidValue('Send either startIndex or cursor: a page has one beginning.')
  }
  return { by: 'cursor', cursor, count: cursorCount(asked.count, limits) }
}

/** RFC 9865 §2.1 wants a positive number; more than the maximum gets the maximum. */
function cursorCount(text: string | undefined, { defaultCount, maxCount }: PageLimits): number {
  if (text === undefined || text.trim() === '') return defaultCount
  const count = /^\+?\d{1,15}$/.test(text.trim()) ? Number(text) : 0
  if (count < 1) throw invalidCount(`count must be between 1 and ${maxCount}`)
  return Math.min(count, maxCount)
}

/** All that a cursor belongs to. */
export function identityOf(
  models: readonly ResourceModel[],
  { id }: DirectoryRef,
  { filter, sortBy, sortOrder, attributes, excludedAttributes }: ReadParameters,
): string {
  const types = models.map(({ name }) => name)
  return JSON.stringify([id, types, filter, sortBy, sortOrder, attributes, excludedAttributes])
}
