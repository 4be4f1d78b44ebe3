import { setTimeout as delay } from 'node:timers/promises'
import {
  activate,
  addMember,
  aGroup,
  aUser,
  deactivate,
  removeMember,
  scim,
  type Answer,
} from '../support/gateway.ts'
import type { Wish } from './expected.ts'

const groups = ['Analysts', 'Administrators'] as const

export interface Figures {
  requests: number
  /** Answers that are neither a yes nor to be asked again. */
  refused: number
  kills: number
  restarts: number
  faults: number
}

export interface Driver {
  /** Makes the Groups and so many people. */
  seed(people: number): Promise<void>
  /** So many changes at random. */
  push(count: number): Promise<void>
  /** The directory as it stands. */
  wishes(): Promise<readonly Wish[]>
  /** What the gateway says of a person, for the report. */
  standing(name: string): Promise<string>
}

/** An identity provider that pushes to any of the gateways, and asks again until it hears a yes or a no. */
export function driver(
  url: () => string,
  token: string,
  random: () => number,
  figures: Figures,
  atOnce = 6,
): Driver {
  const users = new Map<string, string>()
  const groupIds = new Map<string, string>()

  async function send(method: string, path: string, body?: unknown): Promise<Answer> {
    for (;;) {
      figures.requests += 1
      const answer = await scim(url(), token, method, path, body).catch(() => undefined)
      if (answer && answer.status < 500 && answer.status !== 429) return answer
      await delay(100)
    }
  }

  async function createUser(name: string): Promise<void> {
    const created = await send('POST', '/Users', aUser(name))
    if (created.status === 201) return void users.set(name, created.body.id)
    const filter = encodeURIComponent(`userName eq "${name}@example.com"`)
    users.set(name, (await send('GET', `/Users?filter=${filter}`)).body.Resources[0].id)
  }

  function anyOf<T>(all: readonly T[]): T {
    return all[Math.floor(random() * all.length)]!
  }

  async function change(): Promise<void> {
    const id = users.get(anyOf([...users.keys()]))!
    const group = groupIds.get(anyOf(groups))!
    const [path, body] = anyOf([
      [`/Groups/${group}`, addMember(id)],
      [`/Groups/${group}`, removeMember(id)],
      [`/Users/${id}`, deactivate],
      [`/Users/${id}`, activate],
    ] as const)
    const { status } = await send('PATCH', path, body)
    if (status >= 400) figures.refused += 1
  }

  return {
    async seed(people) {
      for (const name of groups) groupIds.set(name, (await send('POST', '/Groups', aGroup(name))).body.id)
      await together(
        Array.from({ length: people }, (_, at) => () => createUser(`p${at}`)),
        atOnce,
      )
    },
    push: (count) =>
      together(
        Array.from({ length: count }, () => change),
        atOnce,
      ),
    async wishes() {
      const read = async (name: string, id: string): Promise<Wish> => {
        const { body } = await send('GET', `/Users/${id}`)
        const member = (body.groups ?? []).map((each: { display: string }) => each.display)
        return { name, active: body.active, member: new Set(member) }
      }
      return Promise.all([...users].map(([name, id]) => read(name, id)))
    },
    async standing(name) {
      const urn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'
      const { body } = await send('GET', `/Users/${users.get(name)}?attributes=active,${urn}`)
      return JSON.stringify({ active: body.active, ...body[urn] })
    },
  }
}

async function together(work: readonly (() => Promise<void>)[], atOnce: number): Promise<void> {
  const left = [...work]
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) await next()
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

/** A small seeded generator, so that a run can be repeated. */
export function mulberry(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
