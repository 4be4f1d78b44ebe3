import { defineAttribute } from './attribute.ts'

/** Attributes that every resource has (RFC 7643 §3.1); they are in no schema document. */
export const commonAttributes = {
  first: [
    defineAttribute({
      name: 'schemas',
      type: 'reference',
      multiValued: true,
      mutability: 'readOnly',
      returned: 'always',
    }),
    defineAttribute({
      name: 'id',
      caseExact: true,
      mutability: 'readOnly',
      returned: 'always',
      uniqueness: 'server',
    }),
    defineAttribute({ name: 'externalId', caseExact: true }),
  ],
  last: [
    defineAttribute({
      name: 'meta',
      type: 'complex',
      mutability: 'readOnly',
      subAttributes: [
        { name: 'resourceType', caseExact: true, mutability: 'readOnly' },
        { name: 'created', type: 'dateTime', mutability: 'readOnly' },
        { name: 'lastModified', type: 'dateTime', mutability: 'readOnly' },
        { name: 'location', type: 'reference', mutability: 'readOnly' },
        { name: 'version', caseExact: true, mutability: 'readOnly' },
      ],
    }),
  ],
} as const
