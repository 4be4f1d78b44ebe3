import type { SimulatedPerson, VendorSimulator } from '../../src/simulators/simulator.ts'
import { peopleByName } from '../support/vendors.ts'

/** What a vendor has of a person, as far as it is not what the directory wants. */
export interface Difference {
  readonly name: string
  readonly vendor: string
  /** Wanted, and not there although the person has an account. */
  readonly lacking: readonly string[]
  /** A wish that was not carried out: no account, or more than is wanted. */
  readonly undone: readonly string[]
}

export interface Wish {
  readonly name: string
  readonly active: boolean
  /** Names of the Groups that the person is in. */
  readonly member: ReadonlySet<unknown>
}

export interface Vendors {
  readonly falcon: VendorSimulator
  readonly sentry: VendorSimulator
  readonly sentinelone?: VendorSimulator
  readonly sisense?: VendorSimulator
}

/** Every difference between what the directory wants and what the vendors have. */
export function differences(vendors: Vendors, wishes: readonly Wish[]): readonly Difference[] {
  return Object.entries(vendors).flatMap(([vendor, simulator]: [string, VendorSimulator]) => {
    const people = peopleByName(simulator)
    return wishes.flatMap((wish) => {
      const { wanted, held } = sides[vendor]!(wish, people.get(wish.name), simulator)
      const lacking = wanted.filter((each) => !held.includes(each))
      const excess = held.filter((each) => !wanted.includes(each))
      if (lacking.length + excess.length === 0) return []
      const isMissing = held.length === 0
      return [
        {
          name: wish.name,
          vendor,
          lacking: isMissing ? [] : lacking,
          undone: isMissing ? lacking.map((each) => `no ${each}`) : excess,
        },
      ]
    })
  })
}

export const inWords = ({ name, vendor, lacking, undone }: Difference): string =>
  `${name} at ${vendor}: lacks ${lacking.join() || 'nothing'}; undone ${undone.join() || 'nothing'}`

/** Accounts under a login that another account has as well. */
export function madeTwice(vendors: Vendors): readonly string[] {
  return Object.values(vendors).flatMap((simulator: VendorSimulator) => {
    const logins = simulator.people().map(({ login }) => login)
    return logins.filter((login, at) => logins.indexOf(login) !== at)
  })
}

interface Sides {
  readonly wanted: readonly string[]
  readonly held: readonly string[]
}

const sides: Readonly<
  Record<string, (wish: Wish, person: SimulatedPerson | undefined, simulator: VendorSimulator) => Sides>
> = {
  falcon: ({ active, member }, person) => ({
    wanted: active
      ? [
          ...(member.has('Analysts') ? ['role:detection_monitor@cid'] : []),
          'role:event_viewer@cid',
          ...(member.has('Administrators') ? ['role:falcon_admin@cid'] : []),
        ]
      : [],
    held: person?.entitlements ?? [],
  }),

  sentry: ({ active, member }, person) => ({
    wanted: active
      ? [
          ...(member.has('Administrators') ? ['group:admins'] : []),
          ...(member.has('Analysts') ? ['group:analysts'] : []),
          'group:everyone',
          'role:member',
        ]
      : [],
    held: person?.entitlements ?? [],
  }),

  sentinelone: ({ active, member }, person, simulator) => {
    const { roles } = simulator.state as { readonly roles: readonly { id: string; name: string }[] }
    const held = (person?.entitlements ?? []).map(
      (key) => roles.find(({ id }) => key.startsWith(`role:${id}@`))?.name ?? key,
    )
    const wanted = active ? [member.has('Administrators') ? 'Admin' : 'Viewer'] : []
    // The floor is what is left of somebody who was stripped.
    return { wanted, held: held.filter((each) => each !== 'No Access') }
  },

  sisense: ({ active }, reader) => {
    // Where the off switch does not hold, what is left is the lowest role.
    const isIn =
      reader?.state === 'active' && reader.entitlements.some((key) => /contributor|Designer/.test(key))
    return { wanted: active ? ['access'] : [], held: isIn ? ['access'] : [] }
  },
}
