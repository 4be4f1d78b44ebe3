import assert from 'node:assert/strict'
import { test } from 'node:test'
import { join, prepared, raw, sql } from '../../../../src/store/sql/statement.ts'

test('makes one parameter of a name that stands in the text several times', () => {
  const statement = prepared<'id' | 'name'>(
    (value) => sql`SELECT ${value('name')}::text, ${value('id')}::uuid WHERE ${value('name')} <> ''`,
  )
  const { text, values } = statement({ id: 'a', name: 'b' })
  assert.equal(text, "SELECT $1::text, $2::uuid WHERE $1 <> ''")
  assert.deepEqual(values, ['b', 'a'])
  assert.deepEqual(statement({ id: 'c', name: 'd' }).values, ['d', 'c'])
  assert.equal(statement({ id: 'c', name: 'd' }).text, text)
})

test('writes everything else into the text, so that it cannot be mistaken for a parameter', () => {
  const parts = join([sql`${'its'}::text`, sql`${3}::int`, sql`${null}::text`], ', ')
  const { text, values } = prepared(() => sql`SELECT ${parts} ${raw('FROM users')}`)({})
  assert.equal(text, "SELECT 'its'::text, 3::int, NULL::text FROM users")
  assert.deepEqual(values, [])
  const quoted = prepared(() => sql`SELECT ${"O'Hara"}::text`)
  assert.equal(quoted({}).text, "SELECT 'O''Hara'::text")
})

test('puts the statement together once', () => {
  let built = 0
  const statement = prepared<'id'>((value) => {
    built++
    return sql`SELECT ${value('id')}`
  })
  statement({ id: 1 })
  statement({ id: 2 })
  assert.equal(built, 1)
})

test('refuses a constant that it cannot write', () => {
  for (const value of [{}, ['a'], Number.NaN, true, 'back\\slash']) {
    assert.throws(() => prepared(() => sql`SELECT ${value}`)({}), TypeError)
  }
})
