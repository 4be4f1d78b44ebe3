import type { SchemaDraft } from './attribute.ts'

export const provisioningUrn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'

/** How a User stands at each vendor: readOnly, shown only when asked for, outside the version. */
export const provisioningUser: SchemaDraft = {
  urn: provisioningUrn,
  name: 'ProvisioningUser',
  description: 'What the vendors really have of this User, one value per connection of the directory.',
  attributes: [
    {
      name: 'connections',
      type: 'complex',
      multiValued: true,
      description: 'How the account of this User stands on each connection.',
      mutability: 'readOnly',
      returned: 'request',
      subAttributes: [
        { name: 'value', description: 'Name of the connection.', caseExact: true, mutability: 'readOnly' },
        { name: 'vendor', description: 'Vendor of the connection.', mutability: 'readOnly' },
        {
          name: 'status',
          description: 'Whether what is wanted has been proven at the vendor.',
          mutability: 'readOnly',
        },
        {
          name: 'accountId',
          description: 'Id of the account at the vendor.',
          caseExact: true,
          mutability: 'readOnly',
        },
        {
          name: 'provenAt',
          type: 'dateTime',
          description: 'When the state was last proven by a read.',
          mutability: 'readOnly',
        },
        { name: 'failure', description: 'Why it is not proven.', mutability: 'readOnly' },
        {
          name: 'see',
          description: 'Path and anchor, at this gateway, of what the failure means and what to do.',
          caseExact: true,
          mutability: 'readOnly',
        },
        {
          name: 'deviations',
          multiValued: true,
          description: 'What is wanted but impossible at the vendor or forbidden by policy.',
          mutability: 'readOnly',
        },
      ],
    },
  ],
}
