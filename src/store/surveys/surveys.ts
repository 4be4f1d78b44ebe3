import type {
  Survey,
  SurveyCounts,
  SurveyKind,
  SurveyProgress,
  SurveyStore,
} from '../../provisioning/reconciliation/ports.ts'
import type { Sql } from '../sql/client.ts'
import { newId } from '../sql/ids.ts'
import { empty, json, sql } from '../sql/statement.ts'
import { compare, keepCompared, unlinkedByLogin } from './comparison.ts'
import { drifts, keepOrphans } from './drifts.ts'
import { keepGroupDrift, keptGroups } from './groups.ts'
import { beginListing, endListing, keepListed } from './listing.ts'
import { isRecovering, recovered } from './recovery.ts'

interface SurveyRow {
  readonly id: string
  readonly connection_id: string
  readonly kind: SurveyKind
  readonly state: Survey['state']
  readonly progress: Partial<SurveyProgress>
  readonly counts: SurveyCounts
  readonly failure: { readonly detail: string } | null
  readonly started_at: Date
  readonly finished_at: Date | null
}

const columns = sql`id, connection_id, kind, state, progress, counts, failure, started_at, finished_at`
/** Surveys of a connection that are remembered, by kind. */
const mostKept = 50

export function createSurveyStore(db: Sql): SurveyStore {
  return {
    begin: (connectionId, kind) => begin(db, connectionId, kind),
    beginListing: (survey) => beginListing(db, survey),
    keepListed: (survey, accounts) => keepListed(db, survey, accounts),
    endListing: (survey, listed) => endListing(db, survey, listed),
    compare: (survey, position, lagMs) => compare(db, survey, position, lagMs),
    unlinkedByLogin: (survey, logins) => unlinkedByLogin(db, survey, logins),
    keepCompared: (survey, page) => keepCompared(db, survey, page),
    keepOrphans: (survey, except) => keepOrphans(db, survey, except),
    keptGroups: (connectionId) => keptGroups(db, connectionId),
    keepGroupDrift: (survey, drift) => keepGroupDrift(db, survey, drift),
    finish: (survey, counts) => finish(db, survey, counts),
    fail: async (survey, failure) => {
      await db.rows(sql`
        UPDATE surveys SET state = 'failed', failure = ${json({ detail: failure })}, finished_at = clock_timestamp(), updated_at = clock_timestamp()
        WHERE id = ${survey.id}::uuid`)
    },
    surveys: (connectionId, kind) => surveys(db, connectionId, kind),
    drifts: (connectionId, query) => drifts(db, connectionId, query),
    isRecovering: (connectionId) => isRecovering(db, connectionId),
    recovered: (connectionId) => recovered(db, connectionId),
  }
}

async function begin(db: Sql, connectionId: string, kind: SurveyKind): Promise<Survey> {
  const running = await db.row<SurveyRow>(sql`
    SELECT ${columns} FROM surveys WHERE connection_id = ${connectionId}::uuid AND kind = ${kind}::text AND state = 'running'
    ORDER BY started_at DESC LIMIT 1`)
  if (running) return toSurvey(running)
  const row = await db.row<SurveyRow>(sql`
    INSERT INTO surveys (id, connection_id, kind) VALUES (${newId()}::uuid, ${connectionId}::uuid, ${kind}::text) RETURNING ${columns}`)
  return toSurvey(row!)
}

/** Only the drift of the last reconciliation is kept. */
async function finish(db: Sql, { id, connectionId, kind }: Survey, counts: SurveyCounts): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.rows(sql`
      UPDATE surveys SET state = 'done', counts = ${json(counts)}, finished_at = clock_timestamp(), updated_at = clock_timestamp()
      WHERE id = ${id}::uuid`)
    if (kind === 'reconcile')
      await tx.rows(
        sql`DELETE FROM drifts WHERE connection_id = ${connectionId}::uuid AND survey_id <> ${id}::uuid`,
      )
    await tx.rows(sql`
      DELETE FROM surveys WHERE id IN (SELECT id FROM surveys
        WHERE connection_id = ${connectionId}::uuid AND kind = ${kind}::text AND state <> 'running'
        ORDER BY started_at DESC OFFSET ${mostKept}::int)`)
  })
}

async function surveys(db: Sql, connectionId: string, kind?: SurveyKind): Promise<readonly Survey[]> {
  const rows = await db.rows<SurveyRow>(sql`
    SELECT ${columns} FROM surveys WHERE connection_id = ${connectionId}::uuid
      ${kind === undefined ? empty : sql`AND kind = ${kind}::text`}
    ORDER BY started_at DESC, id DESC LIMIT ${mostKept}::int`)
  return rows.map(toSurvey)
}

function toSurvey(row: SurveyRow): Survey {
  const { phase = 'listing', listed = 0, since, position, counts = {} } = row.progress
  return {
    id: row.id,
    connectionId: row.connection_id,
    kind: row.kind,
    state: row.state,
    progress: {
      phase,
      listed,
      ...(since === undefined ? {} : { since }),
      ...(position === undefined ? {} : { position }),
      counts: row.state === 'done' ? row.counts : counts,
    },
    ...(row.failure === null ? {} : { failure: row.failure.detail }),
    startedAt: row.started_at.toISOString(),
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at.toISOString() }),
  }
}
