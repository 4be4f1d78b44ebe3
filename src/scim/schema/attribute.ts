export type AttributeType =
  'string' | 'boolean' | 'integer' | 'decimal' | 'dateTime' | 'reference' | 'binary' | 'complex'

type Mutability = 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly'

type Returned = 'always' | 'never' | 'default' | 'request'

/** Characteristics of an attribute (RFC 7643 §2.2, §7). */
export interface AttributeDefinition {
  readonly name: string
  readonly type: AttributeType
  readonly multiValued: boolean
  readonly description: string
  readonly required: boolean
  readonly caseExact: boolean
  readonly mutability: Mutability
  readonly returned: Returned
  readonly uniqueness: 'none' | 'server' | 'global'
  /** Suggestions; never enforced. */
  readonly canonicalValues?: readonly string[]
  readonly referenceTypes?: readonly string[]
  /** Somebody is found or reached by it: JSON is no value of it. */
  readonly address?: boolean
  readonly subAttributes?: readonly AttributeDefinition[]
}

/** What is given of an attribute; everything else has the defaults of RFC 7643 §2.2. */
export interface AttributeDraft {
  readonly name: string
  readonly type?: AttributeType
  readonly multiValued?: boolean
  readonly description?: string
  readonly required?: boolean
  readonly caseExact?: boolean
  readonly mutability?: Mutability
  readonly returned?: Returned
  readonly uniqueness?: 'none' | 'server' | 'global'
  readonly canonicalValues?: readonly string[]
  readonly referenceTypes?: readonly string[]
  readonly address?: boolean
  readonly subAttributes?: readonly AttributeDraft[]
}

/** A schema before it is bound to a resource type. */
export interface SchemaDraft {
  readonly urn: string
  readonly name: string
  readonly description: string
  readonly attributes: readonly AttributeDraft[]
}

const defaults = {
  type: 'string',
  multiValued: false,
  description: '',
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
} as const

/** References and binary values are case exact whatever the draft says (RFC 7643 §2.3.6, §2.3.7). */
export function defineAttribute(draft: AttributeDraft): AttributeDefinition {
  const { canonicalValues, referenceTypes, subAttributes, ...given } = draft
  const attribute = { ...defaults, ...given }
  return Object.freeze({
    ...attribute,
    caseExact: attribute.type === 'reference' || attribute.type === 'binary' || attribute.caseExact,
    ...(canonicalValues?.length && { canonicalValues: Object.freeze([...canonicalValues]) }),
    ...(referenceTypes?.length && { referenceTypes: Object.freeze([...referenceTypes]) }),
    ...(subAttributes && { subAttributes: Object.freeze(subAttributes.map(defineAttribute)) }),
  })
}

/** By name, letter case aside. */
export function subAttributeOf(
  definition: AttributeDefinition,
  name: string,
): AttributeDefinition | undefined {
  const { subAttributes } = definition
  if (!subAttributes) return undefined
  const exact = subAttributes.find((sub) => sub.name === name)
  if (exact) return exact
  const folded = name.toLowerCase()
  return subAttributes.find((sub) => sub.name.toLowerCase() === folded)
}
