import { hash } from 'node:crypto'
import type { JournalOperation } from '../../model/plan.ts'

/** Hex SHA-256 of the operations in canonical JSON: keys in order, absent ones left out. */
export function planHash(operations: readonly JournalOperation[]): string {
  return hash('sha256', canonical(operations))
}

/** Whether what is left to do is part of what was decided on: a plan that broke off needs no second decision. */
export function isPartOf(
  operations: readonly JournalOperation[],
  whole: readonly JournalOperation[],
): boolean {
  const known = new Set(whole.map(canonical))
  return operations.every((operation) => known.has(canonical(operation)))
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )
}
