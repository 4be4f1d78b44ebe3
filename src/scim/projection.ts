import type { ExtensionModel, ResourceModel } from './schema/model.ts'
import { resolvePath } from './schema/model.ts'
import { isObject } from './values/json.ts'
import type { AttributeDefinition } from './schema/attribute.ts'

interface ProjectionQuery {
  readonly attributes?: string | readonly string[] | undefined
  readonly excludedAttributes?: string | readonly string[] | undefined
}

/** Which attributes an answer shows (RFC 7644 §3.9, `returned` of RFC 7643 §7). */
export interface Projection {
  /** True when the client named attributes to show: then PATCH must answer 200 with a body. */
  readonly named: boolean
  apply(resource: Readonly<Record<string, unknown>>): Record<string, unknown>
  /** Whether any part of a top-level attribute, or of the extension with this URN, is shown; or that attribute of it. */
  wants(name: string, inExtension?: string): boolean
}

/** Names that a client gave, as a tree; `true` means the whole attribute. */
interface Names extends Map<string, Names | true> {}
type Node = Names | true | undefined
type Mode = 'named' | 'excluded'

/** What an answer has of a value; undefined leaves it out. */
type Show = (value: unknown) => unknown

const cache = new WeakMap<ResourceModel, Map<string, Projection>>()
const cacheLimits = { entries: 256, keyLength: 1024 } as const

/** `attributes` wins over `excludedAttributes`; names that the resource type does not have are ignored. */
export function compileProjection(model: ResourceModel, query: ProjectionQuery): Projection {
  if (query.attributes === undefined && query.excludedAttributes === undefined) return wholeOf(model)
  const [attributes, excluded] = [split(query.attributes), split(query.excludedAttributes)]
  const key = JSON.stringify([attributes, excluded])
  const known = cache.get(model) ?? new Map<string, Projection>()
  cache.set(model, known)
  const projection = known.get(key) ?? compile(model, attributes, excluded)
  known.delete(key)
  if (key.length <= cacheLimits.keyLength) known.set(key, projection)
  if (known.size > cacheLimits.entries) known.delete(known.keys().next().value ?? '')
  return projection
}

const wholes = new WeakMap<ResourceModel, Projection>()

/** What nearly every request asks for. */
function wholeOf(model: ResourceModel): Projection {
  const known = wholes.get(model)
  if (known) return known
  const whole = compile(model, [], [])
  wholes.set(model, whole)
  return whole
}

function split(names: string | readonly string[] | undefined): readonly string[] {
  const list = typeof names === 'string' ? [names] : (names ?? [])
  return list.flatMap((each) => each.split(',').map((name) => name.trim())).filter((name) => name !== '')
}

function compile(
  model: ResourceModel,
  attributes: readonly string[],
  excluded: readonly string[],
): Projection {
  const named = attributes.length > 0
  const mode = named ? 'named' : 'excluded'
  const names = treeOf(model, named ? attributes : excluded)
  const shows = new Map<string, Show>()
  for (const definition of model.attributes) {
    const show = showOf(definition, names.get(definition.name), mode)
    if (show) shows.set(definition.name, show)
  }
  const containers = new Map<string, ReadonlyMap<string, Show>>()
  for (const extension of model.extensions) {
    const parts = containerShows(extension, names.get(extension.urn), mode)
    if (parts.size === 0) continue
    containers.set(extension.urn, parts)
    shows.set(extension.urn, (value) => partsOf(value, parts))
  }
  return {
    named,
    apply: (resource) => applied(model, resource, shows),
    wants: (name, inExtension) =>
      inExtension === undefined
        ? shows.has(model.attribute(name)?.name ?? model.extension(name)?.urn ?? name)
        : (containers.get(name)?.has(inExtension) ?? false),
  }
}

function applied(
  model: ResourceModel,
  resource: Readonly<Record<string, unknown>>,
  shows: ReadonlyMap<string, Show>,
): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const name of Object.keys(resource)) {
    const shown = shows.get(name)?.(resource[name])
    if (shown !== undefined) result[name] = shown
  }
  const { schemas } = result
  if (Array.isArray(schemas)) {
    result['schemas'] = schemas.filter((urn) => urn === model.schema || Object.hasOwn(result, String(urn)))
  }
  return result
}

function treeOf(model: ResourceModel, texts: readonly string[]): Names {
  const tree: Names = new Map()
  for (const text of texts) {
    // Microsoft's samples name `emails[type eq "work"]`: the whole attribute is shown.
    const path = resolvePath(model, text.split('[', 1)[0] ?? '')
    if (!path) continue
    if (path.names.length > 0) insert(tree, path.names)
    else for (const { name } of model.core.attributes) insert(tree, [name])
  }
  return tree
}

function insert(tree: Names, [first = '', ...rest]: readonly string[]): void {
  const existing = tree.get(first)
  if (existing === true) return
  if (rest.length === 0) {
    tree.set(first, true)
    return
  }
  const branch: Names = existing ?? new Map()
  tree.set(first, branch)
  insert(branch, rest)
}

function isShown({ returned }: AttributeDefinition, node: Node, mode: Mode): boolean {
  if (returned === 'always' || returned === 'never') return returned === 'always'
  return mode === 'named' ? node !== undefined : returned === 'default' && node !== true
}

function showOf(definition: AttributeDefinition, node: Node, mode: Mode): Show | undefined {
  if (!isShown(definition, node, mode)) return undefined
  const parts = definition.subAttributes
  if (!parts) return (value) => value
  // Inside an attribute that is shown as a whole the defaults apply.
  const partial = node instanceof Map ? node : undefined
  const shows = new Map<string, Show>()
  for (const part of parts) {
    const show = showOf(part, partial?.get(part.name), partial ? mode : 'excluded')
    if (show) shows.set(part.name, show)
  }
  if (!partial && shows.size === parts.length) return (value) => value
  return (value) => (Array.isArray(value) ? listOf(value, shows) : partsOf(value, shows))
}

function containerShows(extension: ExtensionModel, node: Node, mode: Mode): ReadonlyMap<string, Show> {
  const shows = new Map<string, Show>()
  if (mode === 'excluded' && node === true) return shows
  for (const definition of extension.attributes) {
    const show = showOf(definition, node instanceof Map ? node.get(definition.name) : node, mode)
    if (show) shows.set(definition.name, show)
  }
  return shows
}

function listOf(values: readonly unknown[], shows: ReadonlyMap<string, Show>): unknown {
  const shown = values.map((value) => partsOf(value, shows)).filter((value) => value !== undefined)
  return shown.length === 0 && values.length > 0 ? undefined : shown
}

function partsOf(value: unknown, shows: ReadonlyMap<string, Show>): unknown {
  if (!isObject(value)) return undefined
  const result: Record<string, unknown> = {}
  for (const [name, each] of Object.entries(value)) {
    const shown = shows.get(name)?.(each)
    if (shown !== undefined) result[name] = shown
  }
  return Object.keys(result).length === 0 ? undefined : result
}
