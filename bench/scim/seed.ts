import pg from 'pg'

export const groupSizes = [10, 1_000, 50_000] as const
export type GroupSize = (typeof groupSizes)[number]

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

const uuid = (family: string, n: number): string =>
  `01960000-0000-7000-${family}-${n.toString(16).padStart(12, '0')}`
/** Numbered from 1. */
export const userId = (n: number): string => uuid('8000', n)
export const groupId = (size: GroupSize, copy = 0): string => uuid('9000', size + copy * 100_000)
export const userName = (n: number): string => `user-${String(n).padStart(6, '0')}@corp.example`
export const externalId = (n: number): string => `00u${String(n).padStart(17, '0')}`

/** A User as Okta pushes it, for `n` beyond those that are seeded. */
export const newUser = (key: string): object => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', enterprise],
  userName: `${key}@corp.example`,
  externalId: `00u-${key}`,
  name: { givenName: 'Given', familyName: `Family ${key}`, formatted: `Given Family ${key}` },
  displayName: `Given Family ${key}`,
  emails: [{ value: `${key}@corp.example`, type: 'work', primary: true }],
  phoneNumbers: [{ value: '+1 555 0100', type: 'work' }],
  title: 'Engineer',
  locale: 'en-US',
  active: true,
  [enterprise]: { employeeNumber: key, department: 'Engineering' },
})

/** Groups of each size, so that writes at once need not wait for each other. */
export const copies = 16
/** Users whom only the copies of the Groups hold, up to those of the last page. */
const lastPage = 100

/** Users in three Groups at most: those that are read one by one. */
export const plainUsers = (users: number): number => Math.max(1, users - lastPage - largest(users))
const largest = (users: number): number => Math.min(50_000, Math.floor((users - lastPage) / 2))

/** Fills the only directory with `users` Users and the Groups, in the form in which the store keeps what was pushed. */
export async function seed(databaseUrl: string, users: number): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ id: string }>('SELECT id FROM directories')
    const directoryId = rows[0]!.id
    await client.query(usersFrom, [directoryId, users])
    // Without looking up each member and Group once more: both are there.
    await client.query("SET session_replication_role = 'replica'")
    for (const size of groupSizes) {
      for (let copy = 0; copy < copies; copy++) {
        const displayName = `Group of ${size}${copy === 0 ? '' : `, ${copy}`}`
        await client.query(
          `INSERT INTO groups (id, directory_id, display_name, display_name_key, external_id, body)
           VALUES ($1, $2, $3, lower($3), NULL, jsonb_build_object('displayName', $3::text))`,
          [groupId(size, copy), directoryId, displayName],
        )
        const first = copy === 0 ? 1 : plainUsers(users) + 1
        await client.query(
          `INSERT INTO members (group_id, user_id)
           SELECT $1, ('01960000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid FROM generate_series($2::int, $3::int) n`,
          [groupId(size, copy), first, first + Math.min(size, largest(users)) - 1],
        )
      }
    }
    await client.query('VACUUM (ANALYZE)')
    await client.query('CHECKPOINT')
    return directoryId
  } finally {
    await client.end()
  }
}

const usersFrom = `
  WITH numbered AS (
    SELECT n, 'user-' || lpad(n::text, 6, '0') || '@corp.example' AS name, 'Given Family ' || n AS display,
      '00u' || lpad(n::text, 17, '0') AS external
    FROM generate_series(1, $2::int) n
  )
  INSERT INTO users (id, directory_id, user_name, user_name_key, external_id, display_name_key, email_keys, body,
    active_wanted, active_shown, acknowledged_at, created_at, last_modified)
  SELECT ('01960000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1::uuid, name, name, external, lower(display),
    ARRAY[name], jsonb_build_object('userName', name, 'externalId', external,
      'name', jsonb_build_object('givenName', 'Given', 'familyName', 'Family ' || n, 'formatted', display),
      'displayName', display, 'active', true, 'title', 'Engineer', 'locale', 'en-US',
      'emails', jsonb_build_array(jsonb_build_object('value', name, 'type', 'work', 'primary', true)),
      'phoneNumbers', jsonb_build_array(jsonb_build_object('value', '+1 555 0100', 'type', 'work')),
      '${enterprise}', jsonb_build_object('employeeNumber', n::text, 'department', 'Engineering')),
    true, true, now(), now() - interval '1 day' + n * interval '1 millisecond',
    now() - interval '1 day' + n * interval '1 millisecond'
  FROM numbered`
