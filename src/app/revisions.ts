import type { Applied } from '../store/connections/configuration.ts'
import type { Store } from './stores.ts'

/** Which revisions of connections this process works by: those of the file that was applied, and of operators. */
export interface KnownRevisions {
  file(applied: Pick<Applied, 'connectionIds' | 'revisions'>): void
  console(revisions: ReadonlyMap<string, number>): void
}

export function knownRevisions(store: Pick<Store, 'worksBy'>): KnownRevisions {
  let fromFile: ReadonlyMap<string, number> = new Map()
  let fromConsole: ReadonlyMap<string, number> = new Map()
  const tell = (): void => store.worksBy({ revisions: new Map([...fromFile, ...fromConsole]) })
  return {
    file({ connectionIds, revisions }) {
      const ids = [...connectionIds.values()].map(({ id }) => id)
      fromFile = new Map(ids.flatMap((id) => (revisions.has(id) ? [[id, revisions.get(id)!]] : [])))
      tell()
    },
    console(revisions) {
      fromConsole = revisions
      tell()
    },
  }
}
