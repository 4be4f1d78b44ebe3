import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createAcknowledge } from '../../../src/store/directory/acknowledge.ts'
import type { DirectoryRef } from '../../../src/model/directory.ts'
import type { Sql } from '../../../src/store/sql/statement.ts'

const directory = (id: string): DirectoryRef => ({ id, name: 'corp', client: 'auto', domains: [] })
const user = (n: number): string => `00000000-0000-7000-8000-00000000000${n}`

it('marks the creates of a short time in one statement, and withdraws a mark at once', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const statements: (readonly unknown[])[] = []
  const db = {
    rows: async ({ values }: { values: readonly unknown[] }) => {
      statements.push(structuredClone(values))
      return []
    },
  } as unknown as Sql
  const acknowledge = createAcknowledge(db)
  const marks = [
    acknowledge(directory('a'), user(1), true),
    acknowledge(directory('b'), user(2), true),
    acknowledge(directory('a'), 'no id', true),
  ]
  await acknowledge(directory('a'), user(3), false)
  assert.deepEqual(statements, [[user(3), 'a']])
  t.mock.timers.tick(20)
  await Promise.all(marks)
  assert.deepEqual(statements[1], [
    [user(1), user(2)],
    ['a', 'b'],
  ])
  // What comes later waits for a statement of its own.
  const later = acknowledge(directory('a'), user(4), true)
  t.mock.timers.tick(20)
  await later
  assert.deepEqual(statements[2], [[user(4)], ['a']])
})
