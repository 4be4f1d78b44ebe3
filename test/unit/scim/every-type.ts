import { defineModel } from '../../../src/scim/schema/model.ts'
import type { ScimError, ScimType } from '../../../src/scim/errors.ts'
import '../../support/prototypes.ts'
import type { AttributeDraft } from '../../../src/scim/schema/attribute.ts'

/** A resource type that exists only in tests: one attribute of each type, mutability, returned and letter case. */
const simple: readonly AttributeDraft[] = [
  { name: 'text', required: true },
  { name: 'exactText', caseExact: true },
  { name: 'flag', type: 'boolean' },
  { name: 'count', type: 'integer' },
  { name: 'ratio', type: 'decimal' },
  { name: 'moment', type: 'dateTime' },
  { name: 'link', type: 'reference', referenceTypes: ['external'] },
  { name: 'bytes', type: 'binary' },
  { name: 'fixed', mutability: 'immutable' },
  { name: 'given', mutability: 'readOnly' },
  { name: 'secret', mutability: 'writeOnly', returned: 'never' },
  { name: 'hidden', mutability: 'writeOnly', returned: 'request' },
  { name: 'always', returned: 'always' },
  { name: 'onRequest', returned: 'request' },
]

const parts: readonly AttributeDraft[] = [
  { name: 'value' },
  { name: 'type' },
  { name: 'display' },
  { name: 'primary', type: 'boolean' },
  { name: 'rank', type: 'integer' },
]

export const thingUrn = 'urn:example:params:scim:schemas:test:2.0:Thing'
export const thingExtensionUrn = 'urn:example:params:scim:schemas:extension:test:2.0:Thing'

export const thingModel = defineModel({
  name: 'Thing',
  endpoint: '/Things',
  description: 'Only in tests.',
  schema: {
    urn: thingUrn,
    name: 'Thing',
    description: 'Only in tests.',
    attributes: [
      ...simple,
      { name: 'words', multiValued: true },
      { name: 'numbers', type: 'integer', multiValued: true },
      {
        name: 'whole',
        type: 'complex',
        subAttributes: [
          { name: 'plain' },
          { name: 'fixed', mutability: 'immutable' },
          { name: 'given', mutability: 'readOnly' },
          { name: 'silent', returned: 'request' },
          { name: 'shown', returned: 'always' },
          { name: 'list', multiValued: true },
        ],
      },
      { name: 'items', type: 'complex', multiValued: true, subAttributes: parts },
      {
        name: 'strict',
        type: 'complex',
        multiValued: true,
        subAttributes: [
          { name: 'value', required: true },
          { name: 'fixed', mutability: 'immutable' },
        ],
      },
    ],
  },
  extensions: [
    {
      urn: thingExtensionUrn,
      name: 'ThingExtension',
      description: 'Only in tests.',
      attributes: [
        { name: 'more' },
        { name: 'kept', mutability: 'immutable' },
        { name: 'made', mutability: 'readOnly' },
      ],
    },
  ],
})

/** For assert.throws: the status and scimType of a ScimError. */
export function refusal(
  scimType: ScimType | undefined,
  detail: RegExp = /./,
  status = 400,
): (error: unknown) => boolean {
  return (error) => {
    const { name, status: given, scimType: type, detail: words } = error as ScimError
    if (name !== 'ScimError' || given !== status || type !== scimType || !detail.test(words)) throw error
    return true
  }
}
