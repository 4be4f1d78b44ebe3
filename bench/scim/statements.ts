const userColumns = `u.id, u.body, u.version, u.created_at, u.last_modified, (
  SELECT json_agg(json_build_object('value', g.id, 'display', g.display_name) ORDER BY g.display_name, g.id)
  FROM members m JOIN groups g ON g.id = m.group_id WHERE m.user_id = u.id) AS links`
const living = 'u.directory_id = $1 AND u.deleted_at IS NULL'

const user = `SELECT ${userColumns} FROM users u WHERE u.id = $1 AND u.directory_id = $2 AND u.deleted_at IS NULL`

const byUserName = `SELECT count(*) OVER ()::int AS total, ${userColumns} FROM users u WHERE u.directory_id = $1 AND u.user_name_key = $2`

const byExternalId = `SELECT count(*) OVER ()::int AS total, ${userColumns} FROM users u WHERE ${living} AND u.external_id = $2 ORDER BY u.created_at, u.id`

const page = `SELECT (SELECT count(*)::int FROM users u WHERE ${living}) AS total, ${userColumns}
  FROM (SELECT * FROM users u WHERE ${living} ORDER BY u.deleted_at, u.created_at, u.id LIMIT $3 OFFSET $2) u`

const byFamilyName = `WITH hit AS MATERIALIZED (
    SELECT u.* FROM users u WHERE ${living} AND lower(u.body->'name'->>'familyName') LIKE $2
  )
  SELECT (SELECT count(*)::int FROM hit) AS total, ${userColumns}
  FROM (SELECT * FROM hit ORDER BY created_at, id LIMIT 100) u`

const insertUser = `WITH u AS (
    INSERT INTO users (id, directory_id, user_name, user_name_key, external_id, display_name_key, email_keys, body,
      active_wanted, active_shown, acknowledged_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, true, true, now()) RETURNING *
  ), told AS (
    INSERT INTO events (directory_id, actor, action, resource_type, resource_id, detail)
    SELECT directory_id, 'bench', 'user.created', 'User', id::text, jsonb_build_object('after', body) FROM u
  )
  SELECT id, body, version, created_at, last_modified, NULL AS links FROM u`

const setActive = `WITH u AS (
    UPDATE users SET body = jsonb_set(body, '{active}', to_jsonb($3::boolean)), active_wanted = $3, active_shown = $3,
      version = version + 1, last_modified = now()
    WHERE id = $1 AND directory_id = $2 AND deleted_at IS NULL RETURNING *
  ), told AS (
    INSERT INTO events (directory_id, actor, action, resource_type, resource_id, detail)
    SELECT directory_id, 'bench', 'user.updated', 'User', id::text, jsonb_build_object('active', $3) FROM u
  )
  SELECT ${userColumns} FROM u`

const addMember = 'INSERT INTO members (group_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING'
const removeMember = 'DELETE FROM members WHERE group_id = $1 AND user_id = $2'

const groupColumns = 'g.id, g.body, g.version, g.created_at, g.last_modified'

/** Users are looked up one by one: joined, a plan for the largest group would be used for the smallest, too. */
const groupOf = (memberIds: string): string => `SELECT ${groupColumns}, (
    SELECT json_agg(json_build_object('value', m.user_id, 'display', u.user_name) ORDER BY m.user_id)
    FROM (${memberIds}) m CROSS JOIN LATERAL (
      SELECT user_name FROM users WHERE id = m.user_id AND deleted_at IS NULL OFFSET 0
    ) u) AS links
  FROM groups g WHERE g.id = $1`

const members = 'SELECT user_id FROM members WHERE group_id = $1'
const addMemberShown = `WITH added AS (${addMember} RETURNING user_id)
  ${groupOf(`${members} UNION SELECT user_id FROM added`)}`
const removeMemberShown = `WITH removed AS (${removeMember})
  ${groupOf(`${members} AND user_id <> $2`)}`

const group = `SELECT ${groupColumns}, NULL AS links FROM groups g WHERE g.id = $1 AND g.directory_id = $2`

const groupWithMembers = `${groupOf(members)} AND g.directory_id = $2`

/** The baseline's statements, one for each case; what somebody would write by hand who needs just this answer. */
export const statements = {
  user,
  byUserName,
  byExternalId,
  page,
  byFamilyName,
  insertUser,
  setActive,
  addMember,
  removeMember,
  addMemberShown,
  removeMemberShown,
  group,
  groupWithMembers,
}
