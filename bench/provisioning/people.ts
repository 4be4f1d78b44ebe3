import type pg from 'pg'

/** People in the form in which the store keeps them, each with an account: due behind all live work, or not due. */
export async function addPeople(
  client: pg.Client,
  from: number,
  count: number,
  as: 'due' | 'proven' = 'due',
): Promise<void> {
  await client.query(
    `WITH people AS (
       SELECT gen_random_uuid() AS id, 'user-' || lpad(n::text, 6, '0') || '@corp.example' AS login, n
       FROM generate_series($1::int, $2::int) n
     ), born AS (
       INSERT INTO users (id, directory_id, user_name, user_name_key, external_id, email_keys, body, active_wanted, active_shown, acknowledged_at)
       SELECT p.id, d.id, login, login, 'ext-' || n, ARRAY[login], jsonb_build_object('userName', login, 'externalId', 'ext-' || n,
         'name', jsonb_build_object('givenName', 'Given', 'familyName', 'Family ' || n), 'active', true,
         'emails', jsonb_build_array(jsonb_build_object('value', login, 'type', 'work', 'primary', true))), true, true, now()
       FROM people p, directories d
     )
     INSERT INTO accounts (id, connection_id, user_id, due_at, priority)
     SELECT gen_random_uuid(), c.id, p.id, CASE WHEN $3::text = 'due' THEN now() END, 3 FROM people p, connections c`,
    [from, from + count - 1, as],
  )
}

export async function provenCount(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM accounts WHERE proven_version >= wanted_version AND status IN ('proven', 'verifying', 'invited')",
  )
  return rows[0]!.count
}
