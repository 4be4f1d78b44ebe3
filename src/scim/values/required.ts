import { invalidValue, mutability } from '../errors.ts'
import type { ResourceModel } from '../schema/model.ts'
import { isObject, sameValue } from './json.ts'
import type { ResourceBody } from '../../model/directory.ts'
import type { AttributeDefinition } from '../schema/attribute.ts'

/** An immutable attribute may be set once; later it must be equal or absent. Gives the value to keep. */
export function checkImmutable(path: string, before: unknown, after: unknown): unknown {
  if (before === undefined || after === undefined || sameValue(before, after)) return after ?? before
  throw mutability(`${path} cannot change once it is set. Send the present value, or leave it out.`)
}

/** Throws `invalidValue` when a required attribute, or a required part of a present one, is missing or blank. */
export function checkRequired(model: ResourceModel, body: ResourceBody): void {
  for (const definition of demanding(model.attributes))
    check(definition, body[definition.name], definition.name, model)
  for (const { urn, required, attributes } of model.extensions) {
    const data = body[urn]
    if (!isObject(data)) {
      if (required) throw invalidValue(`${model.name} needs ${urn}. Add the extension to the body.`)
      continue
    }
    for (const definition of demanding(attributes))
      check(definition, data[definition.name], `${urn}:${definition.name}`, model)
  }
}

type Definitions = readonly AttributeDefinition[]

const known = new WeakMap<Definitions, Definitions>()

/** Those that are required, or have parts that are. */
function demanding(definitions: Definitions): Definitions {
  const found =
    known.get(definitions) ??
    definitions.filter(
      ({ required, subAttributes }) => required || subAttributes?.some((sub) => sub.required),
    )
  known.set(definitions, found)
  return found
}

function check(definition: AttributeDefinition, value: unknown, path: string, model: ResourceModel): void {
  if (
    definition.required &&
    definition.mutability !== 'readOnly' &&
    definition.returned !== 'never' &&
    isBlank(value)
  ) {
    throw invalidValue(`${path} is required and missing or blank. Give every ${model.name} a ${path}.`)
  }
  const parts = definition.subAttributes?.filter((sub) => sub.required)
  if (!parts?.length || value === undefined) return
  for (const each of Array.isArray(value) ? value : [value]) {
    for (const part of parts)
      check(part, isObject(each) ? each[part.name] : undefined, `${path}.${part.name}`, model)
  }
}

export function isBlank(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && value.trim() === '')
}
