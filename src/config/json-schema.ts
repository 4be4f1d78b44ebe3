import type { AnyVendor } from '../vendors/contract.ts'
import { ConfigurationSchema, ConnectionSchema, DirectorySchema, namePattern } from './schema.ts'
import { credentialsSchema, settingsSchema } from './vendor-settings.ts'

/** JSON Schema of the configuration file for editors, with the settings and credentials of every vendor. */
export function publishedSchema(vendors: readonly AnyVendor[]): object {
  const connection = {
    ...ConnectionSchema,
    properties: {
      ...ConnectionSchema.properties,
      vendor: { enum: vendors.map(({ id }) => id), description: 'The product that accounts are made on.' },
    },
    allOf: vendors.map((vendor) => ({
      if: { properties: { vendor: { const: vendor.id } } },
      // oxlint-disable-next-line unicorn/no-thenable -- a JSON Schema keyword, never awaited
      then: { properties: { settings: settingsSchema(vendor), credentials: credentialsSchema(vendor) } },
    })),
  }
  const record = (each: object) => ({
    type: 'object',
    patternProperties: { [namePattern]: each },
    additionalProperties: false,
  })
  const directory = {
    ...DirectorySchema,
    properties: { ...DirectorySchema.properties, connections: record(connection) },
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Drawbridge configuration file',
    description:
      'drawbridge.yaml; docs/configuration.md explains every key. Generated: npm run schema:write.',
    ...ConfigurationSchema,
    properties: { directories: record(directory) },
  }
}
