import { Type } from 'typebox'
import type { OperatorStore } from '../ports.ts'
import { notFound } from '../problem.ts'
import { route, type Route } from '../route.ts'
import { closed, instant, listOf, name } from '../shapes.ts'

const directory = Type.Object({
  name,
  client: Type.String(),
  domains: Type.Array(Type.String()),
  createdAt: instant,
  users: Type.Integer(),
  groups: Type.Integer(),
  connections: Type.Array(Type.String()),
})

export function directoryRoutes(store: OperatorStore): readonly Route[] {
  return [
    route({
      id: 'listDirectories',
      method: 'GET',
      path: '/directories',
      tag: 'directories',
      role: 'viewer',
      summary: 'All directories, with how much they hold.',
      answer: listOf(directory),
      run: async () => ({ items: (await store.directories()).map(copy) }),
    }),
    route({
      id: 'readDirectory',
      method: 'GET',
      path: '/directories/:directory',
      tag: 'directories',
      role: 'viewer',
      summary: 'One directory.',
      params: closed({ directory: name }),
      answer: directory,
      async run({ params }) {
        const found = (await store.directories()).find((each) => each.name === params.directory)
        if (!found) throw notFound('directory')
        return copy(found)
      },
    }),
  ]
}

const copy = <T extends { readonly domains: readonly string[]; readonly connections: readonly string[] }>(
  each: T,
) => ({
  ...each,
  domains: [...each.domains],
  connections: [...each.connections],
})
