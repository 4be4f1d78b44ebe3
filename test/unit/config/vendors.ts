import { Type } from 'typebox'
import type { AnyVendor } from '../../../src/vendors/contract.ts'
import type { Capabilities, EntitlementSupport } from '../../../src/model/capabilities.ts'

const oneByOne: EntitlementSupport = {
  perAccount: 'many',
  assigned: 'separately',
  write: 'delta',
  perAssign: 1,
  perRevoke: 1,
  catalogue: 'fetched',
}

const abilities: Capabilities = {
  account: { create: 'direct', disable: false, remove: true },
  correlateBy: ['userName'],
  attributes: { userName: { mutability: 'immutable' } },
  entitlements: { role: oneByOne },
}

/** A vendor with roles, without teams and off switch, except in the `guide` profile. */
export const acme: AnyVendor = {
  id: 'acme',
  name: 'Acme',
  profiles: ['current', 'guide'],
  settings: Type.Object({
    organization: Type.String({ minLength: 1 }),
    region: Type.Optional(Type.Union([Type.Literal('us'), Type.Literal('de')], { default: 'us' })),
  }),
  credentials: Type.Object({ token: Type.String({ minLength: 8 }) }),
  scopes: [],
  deprovision: { inactive: ['strip'], deleted: ['remove'] },
  capabilities: (profile) =>
    profile === 'guide' ? { ...abilities, account: { ...abilities.account, disable: true } } : abilities,
  connect: () => {
    throw new Error('configuration opens no connection')
  },
}

/** Only `settings`, `credentials` and the profiles differ. */
export const bolt: AnyVendor = {
  ...acme,
  id: 'bolt',
  name: 'Bolt',
  profiles: ['current'],
  settings: Type.Object({}),
  credentials: Type.Object({ clientId: Type.String(), clientSecret: Type.String() }),
  capabilities: () => ({ ...abilities, entitlements: { role: oneByOne, group: oneByOne } }),
}
