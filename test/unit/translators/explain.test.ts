import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { matching } from '../../../src/config/matching.ts'
import { explain } from '../../../src/translators/explain/explain.ts'
import { explanationLines } from '../../../src/translators/explain/words.ts'
import { aHeld, aPolicy, cidRole, entry, falcon, group, now, role, sentry } from './builders.ts'
import type { Rule } from '../../../src/model/policy.ts'
import type { ExplainInput } from '../../../src/translators/explain/model.ts'

const rules: readonly Rule[] = [
  { group: 'Leads', role: 'manager', line: 11 },
  { group: 'Boss', role: 'owner', line: 12 },
  { group: 'Everyone', role: 'owner', line: 13 },
  { group: 'Leads', team: 'Core', line: 14 },
  { group: 'Leads', team: 'web', except: ['Contractors'], line: 15 },
  { group: 'Night', team: 'web', until: '1h', line: 16 },
  { group: 'Leads', team: 'cored', line: 17 },
]
const catalogue = [
  ...['member', 'manager', 'owner'].map((id) => entry(role(id))),
  entry(group('core'), 'Core'),
  entry(group('web'), 'Web'),
  entry(group('ops'), 'Ops'),
]
const member = (displayName: string) => ({ id: displayName, displayName, since: '2026-11-21T09:00:00.000Z' })

function input(given: Partial<ExplainInput> = {}): ExplainInput {
  return {
    connection: 'prod',
    vendor: 'sentry',
    resource: { userName: 'ada@corp.example' },
    active: true,
    deleted: false,
    groups: ['Contractors', 'Everyone', 'Leads', 'Night'].map(member),
    policy: aPolicy({ rules }),
    catalogue,
    can: sentry,
    matching,
    now,
    calls: [
      {
        operation: { op: 'change-entitlements', change: { assign: [group('core')], revoke: [] } },
        openedAt: '2026-11-21T10:00:00.000Z',
        closedAt: '2026-11-21T10:00:01.000Z',
        outcome: 'done',
        requestId: 'req-7',
      },
    ],
    state: { status: 'proven', proven: true, provenAt: '2026-11-21T10:00:02.000Z', deviations: [] },
    held: aHeld({ entitlements: [role('manager'), group('core'), group('ops')] }, [
      role('manager'),
      group('core'),
    ]),
    ...given,
  }
}

describe('explain', () => {
  it('says of each rule what it means for the person, and why', () => {
    const outcomes = explain(input()).rules.map(
      ({ line, outcome, detail }) => `${line} ${outcome}: ${detail}`,
    )
    assert.deepEqual(outcomes, [
      '11 grants: role "manager" (member of "Leads")',
      '12 no-match: not a member of Boss',
      '13 beaten: member of "Everyone", but overridden by rule 1 (line 11), which grants role "manager"',
      '14 grants: group "Core" (member of "Leads")',
      '15 excepted: excluded as a member of "Contractors"',
      '16 ended: membership of "Night" counted until 2026-11-21T10:00:00.000Z',
      '17 unresolved: member of "Leads": The vendor has no group "cored" (line 17). Nearest: "Core". Correct the rule or make it there; until then nothing is granted or revoked for it.',
    ])
  })

  it('goes from the group over the rule to the entitlement, the vendor call and the proof', () => {
    const lines = explanationLines(explain(input())).join('\n')
    assert.match(
      lines,
      /account       ada@corp\.example \(a-1\), active; proven, last proof 2026-11-21T10:00:02\.000Z/,
    )
    assert.match(
      lines,
      /group "Core": wanted, held \(granted by Drawbridge\)\n +because +rule 4 \(line 14\) through "Leads"\n +last call +change of entitlements at 2026-11-21T10:00:01\.000Z: done, vendor request req-7/,
    )
  })

  const authorities: readonly [string, Partial<ExplainInput>, string, string | undefined][] = [
    [
      'by-hand',
      {},
      'group:ops',
      'somebody granted it at the vendor; it is left alone unless the connection is exclusive',
    ],
    ['by-hand', { policy: aPolicy({ exclusive: true }) }, 'group:ops', 'will be revoked'],
    [
      'inherited',
      {
        policy: aPolicy({ exclusive: true }),
        held: aHeld({ entitlements: [{ ...group('ops'), inherited: true }] }),
      },
      'group:ops',
      'it comes through a group or parent at the vendor and can be removed only there',
    ],
    [
      'temporary',
      {
        policy: aPolicy({ exclusive: true }),
        can: falcon,
        catalogue: [entry(cidRole('x'))],
        held: aHeld({ entitlements: [{ ...cidRole('x'), until: '2026-12-01T00:00:00.000Z' }] }, []),
      },
      'role:x@cid:cid-a',
      'somebody granted it at the vendor for a time; it is left alone and ends by itself',
    ],
    ['granted', { groups: [] }, 'role:manager', 'will be revoked'],
    [
      'floor',
      { held: aHeld({ entitlements: [role('member')] }, []), groups: [] },
      'role:member',
      'every account at this vendor has at least this',
    ],
  ]
  for (const [authority, given, key, remark] of authorities) {
    it(`tells what is ${authority} from all else: ${remark}`, () => {
      const found = explain(input(given)).entitlements.find((each) => each.key === key)
      assert.deepEqual([found?.authority, found?.remark], [authority, remark])
    })
  }

  it('says why what is wanted is missing', () => {
    const failure = { kind: 'forbidden', detail: 'the token may not change members', at: now }
    const { held: _, ...rest } = input({
      state: { status: 'failed', proven: false, deviations: [], failure },
    })
    const missing = explain(rest).entitlements.find(({ key }) => key === 'group:core')
    assert.deepEqual([missing?.wanted, missing?.held], [true, false])
    assert.equal(missing?.remark, 'not granted yet: the token may not change members')
  })

  const supposed: readonly [string, NonNullable<ExplainInput['whatIf']>, object][] = [
    [
      'without a group',
      { without: ['leads'] },
      { gains: ['role "owner"'], loses: ['role "manager"', 'group "Core"'] },
    ],
    ['with a group', { with: ['boss'] }, { gains: [], loses: [] }],
    [
      'with one instead of another',
      { without: ['Contractors'], with: ['night'] },
      { gains: ['group "Web"'], loses: [] },
    ],
  ]
  for (const [what, whatIf, expected] of supposed) {
    it(`answers what would be ${what}`, () => {
      const effect = explain(input({ whatIf })).whatIf
      assert.deepEqual(
        { gains: effect?.gains.map(({ name }) => name), loses: effect?.loses.map(({ name }) => name) },
        expected,
      )
    })
  }

  it('says that a leaver of a mapped connection would be shut out', () => {
    const mapped = aPolicy({ people: 'mapped', rules: rules.slice(0, 1) })
    const { whatIf } = explain(input({ policy: mapped, whatIf: { without: ['Leads'] } }))
    assert.equal(whatIf?.account, 'leaves')
    assert.deepEqual(
      whatIf.loses.map(({ key }) => key),
      ['role:manager', 'group:ops'],
    )
  })

  it('says who is shut out and why', () => {
    const { wanted, because, entitlements } = explain(input({ active: false }))
    assert.equal(wanted, 'shut-out')
    assert.match(because, /not active in the directory/)
    assert.ok(entitlements.every(({ remark }) => remark === 'will be revoked'))
  })
})
