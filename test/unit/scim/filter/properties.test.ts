import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Filter } from '../../../../src/scim/filter/ast.ts'
import { printFilter } from './print.ts'
import { matches } from '../../../../src/scim/filter/evaluate.ts'
import { parseFilter } from '../../../../src/scim/filter/parse.ts'
import { ScimError } from '../../../../src/scim/errors.ts'
import { userModel } from '../../../../src/scim/schema/model.ts'
import '../../../support/prototypes.ts'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const text = fc.string({ unit: 'grapheme', maxLength: 6 }).map((each) => JSON.stringify(each))
const instant = fc
  .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
  .map((each) => JSON.stringify(each))

/** Comparisons as a client may write them. */
const comparison = (inElement: boolean) =>
  fc.oneof(
    fc
      .tuple(
        fc.constantFrom(
          ...(inElement
            ? ['value', 'TYPE', 'display']
            : ['userName', 'name.familyName', 'emails', 'nosuch', `${enterprise}:manager.value`]),
        ),
        fc.constantFrom('eq', 'NE', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'),
        text,
      )
      .map((parts) => parts.join(' ')),
    fc.constantFrom(
      ...(inElement
        ? ['value pr', 'primary eq true']
        : ['title pr', 'active eq false', 'title eq null', 'emails pr', `${enterprise} pr`]),
    ),
    ...(inElement ? [] : [instant.map((each) => `meta.lastModified gt ${each}`)]),
  )

const { filter } = fc.letrec<{ filter: string; element: string }>((tie) => {
  const level = (leaf: fc.Arbitrary<string>, self: fc.Arbitrary<string>) =>
    fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      fc.tuple(self, fc.constantFrom('and', 'or', 'AND'), self).map((parts) => parts.join(' ')),
      self.map((each) => `(${each})`),
      self.map((each) => `not (${each})`),
    )
  return {
    element: level(comparison(true), tie('element')),
    filter: level(
      fc.oneof(
        { weight: 4, arbitrary: comparison(false) },
        { weight: 1, arbitrary: tie('element').map((each) => `emails[${each}]`) },
        { weight: 1, arbitrary: tie('element').map((each) => `emails[${each}].value eq "x"`) },
      ),
      tie('filter'),
    ),
  }
})

const user = fc.record(
  {
    userName: fc.string({ maxLength: 4 }),
    title: fc.option(fc.string({ maxLength: 2 })),
    active: fc.boolean(),
    name: fc.record({ familyName: fc.string({ maxLength: 3 }) }),
    emails: fc.array(
      fc.record({ value: fc.string({ maxLength: 3 }), type: fc.constantFrom('work', 'home') }),
      { maxLength: 3 },
    ),
    meta: fc.record({
      lastModified: fc
        .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
        .map((each) => each.toISOString()),
    }),
  },
  { requiredKeys: [] },
)

/** Terms by truth tables alone: what `and`, `or` and `not` mean. */
function naive(filter: Filter, resource: Record<string, unknown>): boolean {
  if (filter.kind === 'not') return !naive(filter.term, resource)
  if (filter.kind !== 'and' && filter.kind !== 'or') return matches(filter, resource)
  const answers = filter.terms.map((term) => naive(term, resource))
  return filter.kind === 'and' ? !answers.includes(false) : answers.includes(true)
}

describe('any filter', () => {
  test('is equal after printing and parsing it again, for strict and lenient clients', () => {
    fc.assert(
      fc.property(filter, (written) => {
        const parsed = parseFilter(written, userModel)
        for (const lenient of [false, true]) {
          assert.deepEqual(parseFilter(printFilter(parsed), userModel, { lenient }), parsed)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('means what its terms mean, and De Morgan holds', () => {
    fc.assert(
      fc.property(filter, filter, user, (a, b, resource) => {
        const [left, right] = [parseFilter(a, userModel), parseFilter(b, userModel)]
        assert.equal(matches(left, resource), naive(left, resource))
        const neither = parseFilter(`not ((${a}) or (${b}))`, userModel)
        assert.equal(matches(neither, resource), !matches(left, resource) && !matches(right, resource))
      }),
      { numRuns: 300 },
    )
  })

  test('is read or refused with 400, whatever the text, at once and without a trace', () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    const piece = fc.constantFrom(
      ...[
        'userName',
        'emails',
        '[',
        ']',
        '(',
        ')',
        ' ',
        'eq',
        'pr',
        'and',
        'or',
        'not',
        '"x"',
        '"',
        '\\',
        '.',
        '+',
        'null',
        '1',
        '-',
        ':',
      ],
      ...['__proto__', 'constructor', 'prototype', enterprise, 'true', '\0', 'é'],
    )
    const anything = fc.oneof(
      fc.array(piece, { maxLength: 60 }).map((parts) => parts.join(' ')),
      fc.array(piece, { maxLength: 60 }).map((parts) => parts.join('')),
      fc.string(),
    )
    fc.assert(
      fc.property(anything, fc.boolean(), (written, lenient) => {
        try {
          const parsed = parseFilter(written, userModel, { lenient })
          matches(parsed, {})
          assert.deepEqual(parseFilter(printFilter(parsed), userModel, { lenient }), parsed)
        } catch (error) {
          assert.ok(
            error instanceof ScimError && error.status === 400 && error.scimType === 'invalidFilter',
            String(error),
          )
        }
      }),
      { numRuns: 2000 },
    )
    assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before)
  })
})
