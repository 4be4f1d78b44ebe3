import type { Logger } from 'pino'
import type { Notices } from '../../model/notice.ts'
import type { ConnectionSpec } from '../../provisioning/connections.ts'
import { isSame } from '../../store/connections/difference.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { type AppliedConnection as Row, appliedConnections as rowsOf, appliedRevisions } from './store.ts'

/** The connections of a file as this process works with them, by the revisions that it knows. */
export interface FromFile {
  readonly specs: readonly ConnectionSpec[]
  readonly revisions: ReadonlyMap<string, number>
}

interface FollowDeps {
  readonly db: Sql
  readonly log: Logger
  readonly notices: Pick<Notices, 'raise' | 'resolve'>
  now(): FromFile
  /** From now on this process works with these. */
  use(next: FromFile): void
  /** How often is looked for what no process told of, in milliseconds. */
  readonly everyMs?: number
}

export interface FollowedFile {
  /** Looks now. Never rejects. */
  follow(): Promise<void>
  close(): Promise<void>
}

/**
 * Takes up what another process, or a shell beside this one, applied: rules, modes and limits as the store has them now. Other
 * settings are not taken up, nor new connections: credentials are in the file alone, and what a database says must not
 * decide where they are sent. What is not taken up is told by a notice, for it may be that nobody works it.
 */
export function followApplied(deps: FollowDeps): FollowedFile {
  const { db, log, everyMs = 2_000 } = deps
  let left = new Set<string>()

  const look = async (): Promise<void> => {
    const rows = await appliedRevisions(db)
    const { specs, revisions } = deps.now()
    const there = new Map(rows.map(({ id, revision }) => [id, revision]))
    const gone = specs.filter(({ id }) => !there.has(id))
    const changed = rows.filter(({ id, revision }) => revisions.get(id) !== revision).map(({ id }) => id)
    if (gone.length === 0 && changed.length === 0) return tellLeft(deps, left, (left = new Set()))
    const { next, behind } = takeUp(deps.now(), await rowsOf(db, changed), gone)
    await tellLeft(deps, left, (left = new Set(behind.map(({ id }) => id))), behind)
    if (next) {
      deps.use(next)
      log.info({ connections: changed.length - behind.length }, 'taken up what another process applied')
    }
  }

  let last = Promise.resolve()
  const follow = (): Promise<void> =>
    (last = last.then(() =>
      look().catch((error: unknown) => log.warn({ error: String(error) }, 'what was applied is not read')),
    ))
  const timer = setInterval(() => void follow(), everyMs).unref()
  return {
    follow,
    async close() {
      clearInterval(timer)
      await last
    },
  }
}

function takeUp(
  { specs, revisions }: FromFile,
  rows: readonly Row[],
  gone: readonly ConnectionSpec[],
): { readonly next: FromFile | undefined; readonly behind: readonly Row[] } {
  const known = new Map(specs.map((spec) => [spec.id, spec]))
  const canFollow = ({ id, settings, api_profile: profile }: Row): boolean => {
    const spec = known.get(id)
    return spec !== undefined && spec.apiProfile === profile && isSame(spec.settings, settings)
  }
  const taken = rows.filter(canFollow)
  const behind = rows.filter((row) => !canFollow(row))
  if (taken.length === 0 && gone.length === 0) return { next: undefined, behind }
  const now = new Map(revisions)
  for (const { id } of gone) {
    known.delete(id)
    now.delete(id)
  }
  for (const { id, policy, revision } of taken) {
    known.set(id, { ...known.get(id)!, policy })
    now.set(id, revision)
  }
  return { next: { specs: [...known.values()], revisions: now }, behind }
}

async function tellLeft(
  { log, notices }: FollowDeps,
  before: ReadonlySet<string>,
  now: ReadonlySet<string>,
  behind: readonly Row[] = [],
): Promise<void> {
  for (const { id, path } of behind.filter((row) => !before.has(row.id))) {
    const text = `${path} was applied with other settings, or is new, and this gateway has no credentials for it: restart the gateway, or apply the file to it with --url.`
    log.warn({ connection: path }, text)
    await notices.raise({ kind: 'connection-behind', connectionId: id, text })
  }
  for (const id of before)
    if (!now.has(id)) await notices.resolve({ kind: 'connection-behind', connectionId: id })
}
