import assert from 'node:assert/strict'
import type { TSchema } from 'typebox'
import type { AnyVendor } from '../../../src/vendors/contract.ts'
import type { Exchange } from '../../../src/vendors/kit/kit.ts'
import { routeOf } from '../../../src/doctor/exchanges.ts'
import type { ApiProfile, Entitlement } from '../../../src/model/account.ts'
import { simulators } from '../../../src/simulators/registry.ts'
import type { SimulatorOptions } from '../../../src/simulators/simulator.ts'
import { openKit, openTarget } from '../target.ts'

/** A field of a reply that a connector reads, found in the shapes that it reads replies by. */
export interface Field {
  readonly method: string
  /** As the connector declares the route. */
  readonly route: string
  /** `*` for every place of a list. */
  readonly path: readonly string[]
  /** Whether the connector says that it can do without. */
  readonly isFact: boolean
  /** Within the row of a list that can be set aside. */
  readonly inRow: boolean
}

/** JSON Schema, as far as it is walked. */
interface Loose {
  readonly properties?: Readonly<Record<string, Loose>>
  readonly required?: readonly string[]
  readonly items?: Loose
  readonly anyOf?: readonly Loose[]
  readonly allOf?: readonly Loose[]
  readonly 'x-rows'?: string
  readonly 'x-identity'?: boolean
  readonly 'x-receipt'?: boolean
}

type Place = Pick<Field, 'path' | 'isFact' | 'inRow'>

function* fieldsWithin(schema: Loose, place: Place): Generator<Place> {
  for (const part of [...(schema.anyOf ?? []), ...(schema.allOf ?? [])]) yield* fieldsWithin(part, place)
  if (schema.items)
    yield* fieldsWithin(schema.items, {
      ...place,
      inRow: place.inRow || schema['x-rows'] !== undefined,
      path: [...place.path, '*'],
    })
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const isOptional = !schema.required?.includes(name) && !property['x-identity']
    const field = { ...place, path: [...place.path, name], isFact: place.isFact || isOptional }
    yield field
    yield* fieldsWithin(property, field)
  }
}

/** Every field of every reply that the connector reads in this profile, by doing once what a gateway does. */
export async function fieldsOf(vendor: AnyVendor, profile: ApiProfile): Promise<readonly Field[]> {
  const shapes = new Map<
    string,
    { readonly method: string; readonly route: string; readonly shape: TSchema }
  >()
  const routes = vendor.routes?.(profile) ?? []
  const observe = ({ method, path, shape, status = 0 }: Exchange): void => {
    if (!shape || status >= 300) return
    const route = routeOf(routes, { method, path })?.path
    assert.ok(route, `${method} ${path} is no declared route`)
    shapes.set(`${method} ${route} ${JSON.stringify(shape)}`, { method, route, shape })
  }
  await exercise(vendor, profile, observe)
  const found = [...shapes.values()].flatMap(({ method, route, shape }) => {
    const isFact = (shape as Loose)['x-receipt'] === true
    return [...fieldsWithin(shape as Loose, { path: [], isFact, inRow: false })].map((place) => ({
      method,
      route,
      ...place,
    }))
  })
  // A field that one shape of a route relies on is no fact, whatever others say.
  const byKey = Map.groupBy(found, keyOf)
  return [...byKey.values()].map((same) => ({ ...same[0]!, isFact: same.every(({ isFact }) => isFact) }))
}

export const keyOf = ({ method, route, path }: Pick<Field, 'method' | 'route' | 'path'>): string =>
  `${method} ${route} /${path.join('/')}`

async function exercise(
  vendor: AnyVendor,
  profile: ApiProfile,
  observe: (exchange: Exchange) => void,
): Promise<void> {
  const start = await simulators[vendor.id]!()
  const simulator = await start({ profile } as SimulatorOptions)
  const kit = openKit({ observe })
  try {
    const target = openTarget(vendor, simulator, profile, kit)
    await target.probe?.()
    await target.test()
    await target.tenant()
    await target.self()
    const catalogue = await target.catalogue()
    const kindOfRole = target.capabilities.entitlements.role ? 'role' : 'group'
    const role = catalogue.find(
      ({ kind, privileged, home, scope }) => kind === kindOfRole && !privileged && (home || !scope),
    )!
    const ref = ({ kind, id, scope }: Entitlement) => ({ kind, id, ...(scope ? { scope } : {}) })
    const login = 'shapes@corp.example'
    const profileOf = {
      userName: login,
      email: login,
      givenName: 'Ada',
      familyName: 'L',
      displayName: 'Ada L',
    }
    const isEarly = target.capabilities.entitlements[kindOfRole]?.assigned === 'on-create'
    const { account } = await target.create({
      login,
      profile: profileOf,
      entitlements: isEarly ? [ref(role)] : [],
    })
    const { id } = account!
    const [attribute] = target.capabilities.correlateBy
    await target.create({ login, profile: profileOf, entitlements: [] })
    await target.changeEntitlements(id, { assign: [ref(role)], revoke: [] })
    await target.get(id)
    await target.find(attribute, login)
    await target.find(attribute, 'nobody@corp.example')
    for await (const _ of target.list());
    await target.update(id, { givenName: 'Eva', displayName: 'Eva L' }).catch(() => undefined)
    await target.setActive?.(id, false)
    await target.endSessions?.(id)
    await target.remove?.(id)
  } finally {
    await simulator.close()
    await kit.dispatcher.close()
  }
}
