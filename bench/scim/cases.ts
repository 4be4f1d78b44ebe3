import type { Call } from './load.ts'
import {
  copies,
  externalId,
  groupId,
  type GroupSize,
  groupSizes,
  newUser,
  plainUsers,
  userId,
  userName,
} from './seed.ts'

export interface Case {
  readonly name: string
  /** Least throughput, as a share of the baseline's. */
  readonly goal?: number
  readonly gateway: (connection: number, n: number) => Call
  readonly baseline: (connection: number, n: number) => Call
  /** Answers of both are the same JSON. */
  readonly same?: false
  /** Requests at once, where one answer is as large as many. */
  readonly connections?: number
}

const get = (path: string): Call => ({ method: 'GET', path })
const list = (query: Readonly<Record<string, string>>): Call =>
  get(`/scim/v2/Users?${new URLSearchParams(query)}`)
const patch = (path: string, ...Operations: object[]): Call => ({
  method: 'PATCH',
  path: `/scim/v2${path}`,
  body: JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations }),
})

export function casesFor(users: number): readonly Case[] {
  /** Spreads over all Users in an order that no cache of pages likes. */
  const someone = (connection: number, n: number): number =>
    ((n * 7_919 + connection * 104_729) % plainUsers(users)) + 1
  const far = users - 99
  let made = 0
  return [
    {
      name: 'GET user',
      goal: 0.75,
      gateway: (c, n) => get(`/scim/v2/Users/${userId(someone(c, n))}`),
      baseline: (c, n) => get(`/user/${userId(someone(c, n))}`),
    },
    {
      name: 'userName eq',
      goal: 0.75,
      gateway: (c, n) => list({ filter: `userName eq "${userName(someone(c, n))}"` }),
      baseline: (c, n) => get(`/by-user-name?is=${encodeURIComponent(userName(someone(c, n)))}`),
    },
    {
      name: 'externalId eq',
      gateway: (c, n) => list({ filter: `externalId eq "${externalId(someone(c, n))}"` }),
      baseline: (c, n) => get(`/by-external-id?is=${externalId(someone(c, n))}`),
    },
    {
      name: 'page of 100, start',
      goal: 0.6,
      gateway: () => list({ startIndex: '1', count: '100' }),
      baseline: () => get('/page?start=1'),
    },
    {
      name: 'page of 100, far end',
      goal: 0.6,
      gateway: () => list({ startIndex: String(far), count: '100' }),
      baseline: () => get(`/page?start=${far}`),
    },
    {
      name: 'POST user',
      goal: 0.6,
      same: false,
      gateway: () => ({
        method: 'POST',
        path: '/scim/v2/Users',
        body: JSON.stringify(newUser(`g${++made}`)),
      }),
      baseline: () => ({ method: 'POST', path: '/user', body: JSON.stringify(newUser(`b${++made}`)) }),
    },
    {
      name: 'PATCH active',
      same: false,
      gateway: (c, n) => patch(`/Users/${userId(1 + c)}`, { op: 'replace', value: { active: n % 2 === 1 } }),
      baseline: (c, n) => ({
        method: 'PATCH',
        path: `/user/${userId(101 + c)}`,
        body: JSON.stringify({ active: n % 2 === 1 }),
      }),
    },
    ...groupSizes.map((size) => memberCase(size, users)),
    memberCase(1_000, users, true),
    ...groupSizes.map((size): Case => ({
      name: `GET group of ${size.toLocaleString('en')}`,
      gateway: () => get(`/scim/v2/Groups/${groupId(size)}`),
      baseline: () => get(`/group-with-members/${groupId(size)}`),
      ...(size > 10_000 && { connections: 2 }),
    })),
    {
      name: 'GET group of 50,000, no members',
      gateway: () => get(`/scim/v2/Groups/${groupId(50_000)}?excludedAttributes=members`),
      baseline: () => get(`/group/${groupId(50_000)}`),
    },
    {
      name: 'filter without an index',
      same: false,
      connections: 2,
      gateway: (c, n) => list({ filter: `name.familyName co "family ${someone(c, n)}"` }),
      baseline: (c, n) => get(`/by-family-name?holds=family%20${someone(c, n)}`),
    },
  ]
}

/** Each connection adds a User of its own and takes him away again, in a Group of its own unless `together`. */
function memberCase(size: GroupSize, users: number, together = false): Case {
  const group = (connection: number): string => groupId(size, together ? 0 : connection % copies)
  const id = (connection: number): string => userId(users - connection)
  return {
    name: `PATCH ±1 member of ${size.toLocaleString('en')}${together ? ', all in one group' : ''}`,
    ...(!together && { goal: 0.5 }),
    same: false,
    gateway: (c, n) =>
      n % 2 === 0
        ? patch(`/Groups/${group(c)}`, { op: 'add', path: 'members', value: [{ value: id(c) }] })
        : patch(`/Groups/${group(c)}`, { op: 'remove', path: `members[value eq "${id(c)}"]` }),
    baseline: (c, n) => ({
      method: n % 2 === 0 ? 'PUT' : 'DELETE',
      // What is small enough to be shown is shown by both.
      path: `/${size > 100 ? 'member' : 'member-shown'}/${group(c)}/${id(c + 64)}`,
    }),
  }
}
