import type { ClientSwitches } from '../client-profiles.ts'
import { invalidFilter, invalidPath, quoted } from '../errors.ts'
import type { Filter } from '../filter/ast.ts'
import { parseElementFilter } from '../filter/parse.ts'
import type { ExtensionModel, ResolvedPath, ResourceModel } from '../schema/model.ts'
import { resolvePath } from '../schema/model.ts'
import { type AttributeDefinition, subAttributeOf } from '../schema/attribute.ts'

/** What an operation changes. No `attribute`: the whole extension, or without one the whole resource. */
export interface PatchTarget {
  /** The client's own words, for details. */
  readonly text: string
  readonly extension: ExtensionModel | undefined
  readonly attribute: AttributeDefinition | undefined
  readonly filter: Filter | undefined
  readonly subAttribute: AttributeDefinition | undefined
}

const attributePath = /^[A-Za-z$][\w$.:/-]*$/
const partPath = /^\.[A-Za-z$][\w$-]*$/

/**
 * Reads a PATCH path (RFC 7644 §3.5.2). Undefined: well formed, but the resource type has no such attribute. Throws
 * `invalidPath`, or `invalidFilter` for what stands in the brackets.
 */
export function parsePath(
  text: string,
  model: ResourceModel,
  switches: ClientSwitches,
): PatchTarget | undefined {
  const bracket = text.indexOf('[')
  const name = bracket < 0 ? text : text.slice(0, bracket)
  if (!attributePath.test(name)) throw malformed(text)
  const path = resolvePath(model, name, { shortNames: switches.lenient })
  if (bracket < 0) return path && { text, filter: undefined, ...targetOf(path) }
  const closing = text.lastIndexOf(']')
  const part = text.slice(closing + 1)
  if (closing < bracket || (part !== '' && !partPath.test(part))) throw malformed(text)
  return path && withFilter(text, path, text.slice(bracket + 1, closing), part.slice(1), switches)
}

function malformed(text: string): Error {
  return invalidPath(
    `${quoted(text)} is no path. Write one such as name.givenName or emails[type eq "work"].value.`,
  )
}

function targetOf({
  extension,
  attribute,
  subAttribute,
}: ResolvedPath): Pick<PatchTarget, 'extension' | 'attribute' | 'subAttribute'> {
  return { extension, attribute, subAttribute }
}

function withFilter(
  text: string,
  path: ResolvedPath,
  filterText: string,
  part: string,
  switches: ClientSwitches,
): PatchTarget | undefined {
  const { attribute, extension } = path
  if (!attribute?.multiValued || path.subAttribute) {
    throw invalidPath(`${quoted(text)} filters an attribute that has one value only. Leave out the brackets.`)
  }
  const filter = parseElementFilter(filterText, attribute, switches)
  if (namesUnknown(filter)) {
    throw invalidFilter(
      `${quoted(text)} compares a part that ${attribute.name} does not have. Correct the path.`,
    )
  }
  if (part === '') return { text, extension, attribute, filter, subAttribute: undefined }
  const subAttribute = subAttributeOf(attribute, part)
  return subAttribute && { text, extension, attribute, filter, subAttribute }
}

/** Such a filter never matches: a removal would succeed without doing anything. */
function namesUnknown(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.some(namesUnknown)
    case 'not':
      return namesUnknown(filter.term)
    case 'element':
      return true
    default:
      return filter.path.type === 'unknown'
  }
}
