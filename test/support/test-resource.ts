import { randomUUID } from 'node:crypto'
import { switchesOf } from '../../src/scim/client-profiles.ts'
import { notFound, uniqueness } from '../../src/scim/errors.ts'
import { normaliseBody, replaceBody } from '../../src/scim/normalise.ts'
import { applyPatch } from '../../src/scim/patch/apply.ts'
import { parsePatch } from '../../src/scim/patch/operations.ts'
import type { Actor, Precondition, StoredGroup } from '../../src/scim/ports.ts'
import { represent } from '../../src/scim/representation.ts'
import { locationOf, type Resources } from '../../src/scim/resources.ts'
import { defineModel } from '../../src/scim/schema/model.ts'
import { page } from './memory-directory.ts'
import type { DirectoryRef, ResourceBody } from '../../src/model/directory.ts'
import type { AttributeDraft } from '../../src/scim/schema/attribute.ts'

export const testResourceUrn = 'urn:ietf:params:scim:schemas:test:2.0:TestResource'
export const testExtensionUrn = 'urn:ietf:params:scim:schemas:extension:test:2.0:TestResource'

/** The names are those by which github.com/scim2/test-suite looks for them. */
const attributes: readonly AttributeDraft[] = [
  { name: 'identifier', required: true, uniqueness: 'server' },
  { name: 'caseExactString', caseExact: true },
  { name: 'caseInsensitiveString' },
  { name: 'integerAttr', type: 'integer' },
  { name: 'decimalAttr', type: 'decimal' },
  { name: 'booleanAttr', type: 'boolean' },
  { name: 'dateTimeAttr', type: 'dateTime' },
  { name: 'binaryAttr', type: 'binary' },
  { name: 'referenceAttr', type: 'reference', referenceTypes: ['uri'] },
  { name: 'readOnlyAttr', mutability: 'readOnly' },
  { name: 'immutableAttr', mutability: 'immutable' },
  { name: 'writeOnlyAttr', mutability: 'writeOnly', returned: 'never' },
  { name: 'requestOnlyAttr', returned: 'request' },
  { name: 'alwaysReturnedAttr', returned: 'always' },
  { name: 'multiStrings', multiValued: true },
  { name: 'uniqueString', uniqueness: 'server' },
  {
    name: 'complexAttr',
    type: 'complex',
    subAttributes: [{ name: 'sub1' }, { name: 'sub2', type: 'integer' }, { name: 'sub3', type: 'boolean' }],
  },
  {
    name: 'multiComplex',
    type: 'complex',
    multiValued: true,
    subAttributes: [{ name: 'value' }, { name: 'type' }, { name: 'primary', type: 'boolean' }],
  },
]

/** A resource type with an attribute of each type, mutability, returned and letter case, which Users do not have. */
export const testResourceModel = defineModel({
  name: 'TestResource',
  endpoint: '/TestResources',
  description: 'Only in tests.',
  schema: { urn: testResourceUrn, name: 'TestResource', description: 'Only in tests.', attributes },
  extensions: [
    {
      urn: testExtensionUrn,
      name: 'TestExtension',
      description: 'Only in tests.',
      required: true,
      attributes: [
        { name: 'extString' },
        { name: 'extRequired', required: true },
        { name: 'extInteger', type: 'integer' },
      ],
    },
  ],
})

const unique = ['identifier', 'uniqueString'] as const
type Shelf = Map<string, StoredGroup>

/** Test resources in memory; pass it to the plugin as one of its `resourceTypes`. */
export function testResources(): Resources<StoredGroup> {
  const shelves = new Map<string, Shelf>()

  function shelfOf({ id }: DirectoryRef): Shelf {
    const shelf: Shelf = shelves.get(id) ?? new Map<string, StoredGroup>()
    shelves.set(id, shelf)
    return shelf
  }

  function write(
    by: Actor,
    id: string,
    check: Precondition | undefined,
    edit: (body: ResourceBody) => ResourceBody,
  ): StoredGroup {
    const shelf = shelfOf(by.directory)
    const current = shelf.get(id)
    if (!current) throw notFound(model.name, id)
    check?.(current)
    const body = edit(current.body)
    if (body === current.body) return current
    refuseTaken(shelf, body, id)
    const next = { ...current, body, version: current.version + 1, lastModified: new Date() }
    shelf.set(id, next)
    return next
  }

  return {
    model,
    find: async (directory, id) => shelfOf(directory).get(id),
    list: async (directory, query) => page([...shelfOf(directory).values()], query, shown),
    show: async (_directory, resources, { projection, baseUrl }) =>
      resources.map((resource) => projection.apply(shown(resource, baseUrl))),

    async create(by, json) {
      const { body } = normaliseBody(model, json, switchesOf(by.directory.client), 'create')
      const shelf = shelfOf(by.directory)
      refuseTaken(shelf, body)
      const now = new Date()
      const resource = { id: randomUUID(), body, version: 1, created: now, lastModified: now }
      shelf.set(resource.id, resource)
      return resource
    },

    async replace(by, id, json, check) {
      const { body } = normaliseBody(model, json, switchesOf(by.directory.client), 'replace')
      return write(by, id, check, (current) => replaceBody(model, current, body))
    },

    async patch(by, id, json, check) {
      const switches = switchesOf(by.directory.client)
      const operations = parsePatch(json, model, switches)
      return write(by, id, check, (body) => applyPatch(model, body, operations, switches, { id }).body)
    },

    async remove(by, id, check) {
      write(by, id, check, (body) => body)
      shelfOf(by.directory).delete(id)
    },

    showsPatched: async () => true,
    acknowledge: async () => {},
  }
}

const model = testResourceModel

function shown(resource: StoredGroup, baseUrl = ''): Record<string, unknown> {
  return represent(model, {
    ...resource,
    members: undefined,
    location: locationOf(model, resource.id, baseUrl),
  })
}

function refuseTaken(shelf: Shelf, body: ResourceBody, self = ''): void {
  for (const name of unique) {
    const key = folded(body[name])
    const taken = [...shelf.values()].some((each) => each.id !== self && folded(each.body[name]) === key)
    if (key !== undefined && taken) throw uniqueness(`Another TestResource has this ${name}`)
  }
}

const folded = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.toLowerCase() : undefined
