import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { correlate, type CorrelationInput } from '../../../src/translators/correlation.ts'
import { anAccount } from './builders.ts'
import type { Account } from '../../../src/model/account.ts'

const usual: CorrelationInput = {
  login: 'ada@corp.example',
  adopt: 'always',
  linkedElsewhere: () => false,
  shutOut: false,
}
const ada = anAccount({ login: 'Ada@Corp.Example', facts: { source: 'local' } })
const boss = anAccount({ privileged: true })
const bySso = anAccount({ facts: { source: 'sso' } })
const managed = anAccount({ facts: { source: 'scim', managedBy: 'native SCIM' } })
const machine = anAccount({ facts: { kind: 'service' } })
const stranger = anAccount({ id: 'a-9', login: 'adam@corp.example', profile: {} })
const twin = anAccount({ id: 'a-2' })
const opened = '2026-11-21T12:00:00.000Z'

interface Case {
  readonly when: string
  readonly found: readonly Account[]
  readonly given?: Partial<CorrelationInput>
  readonly result: string
  readonly says?: RegExp
}

const cases: readonly Case[] = [
  { when: 'the vendor has nobody', found: [], result: 'none' },
  { when: 'one local account matches', found: [ada], result: 'adopt' },
  { when: 'the vendor does not say who made it', found: [anAccount()], result: 'adopt' },
  { when: 'the same account is found twice', found: [ada, { ...ada }], result: 'adopt' },
  { when: 'a stranger is found beside it', found: [stranger, ada], result: 'adopt' },
  { when: 'only a stranger is found', found: [stranger], result: 'wait', says: /a-9/ },
  { when: 'several match', found: [ada, twin], result: 'wait', says: /a-1, a-2/ },
  { when: 'it is privileged', found: [boss], result: 'wait', says: /owner or admin/ },
  { when: 'single sign-on made it', found: [bySso], result: 'wait', says: /sso/ },
  { when: 'somebody else manages it', found: [managed], result: 'wait', says: /managed by native SCIM/ },
  {
    when: 'it is a service account',
    found: [machine],
    given: { ownOpenCreateAt: opened },
    result: 'service-account',
    says: /service account/,
  },
  {
    when: 'it is a service account, and its access is to end',
    found: [machine],
    given: { shutOut: true },
    result: 'service-account',
  },
  {
    when: 'another connection has it',
    found: [ada],
    given: { linkedElsewhere: (id) => id === 'a-1' },
    result: 'elsewhere',
    says: /belongs to another User/,
  },
  { when: 'it is the gateway itself', found: [ada], given: { self: 'a-1' }, result: 'own-identity' },
  { when: 'the policy asks', found: [ada], given: { adopt: 'ask' }, result: 'wait', says: /adopt a-1/ },
  { when: 'the policy adopts none', found: [ada], given: { adopt: 'never' }, result: 'conflict' },

  {
    when: 'our own create may have made it',
    found: [ada],
    given: { adopt: 'never', ownOpenCreateAt: opened },
    result: 'adopt',
  },
  {
    when: 'our own create made a privileged one',
    found: [{ ...boss, createdAt: '2026-11-21T11:55:00.000Z' }],
    given: { ownOpenCreateAt: opened },
    result: 'adopt',
  },
  {
    when: 'it is older than our own create',
    found: [{ ...ada, createdAt: '2026-11-21T11:54:59.999Z' }],
    given: { adopt: 'never', ownOpenCreateAt: opened },
    result: 'conflict',
  },
  {
    when: 'our create led to the gateway itself',
    found: [ada],
    given: { self: 'a-1', ownOpenCreateAt: opened },
    result: 'own-identity',
  },
  {
    when: 'our create led to an account linked elsewhere',
    found: [ada],
    given: { linkedElsewhere: () => true, ownOpenCreateAt: opened },
    result: 'elsewhere',
  },

  { when: 'a leaver came by single sign-on', found: [bySso], given: { shutOut: true }, result: 'adopt' },
  { when: 'a leaver is privileged', found: [boss], given: { shutOut: true }, result: 'adopt' },
  {
    when: 'a leaver was never adopted',
    found: [ada],
    given: { shutOut: true, adopt: 'never' },
    result: 'adopt',
  },
  { when: 'a leaver has several accounts', found: [ada, twin], given: { shutOut: true }, result: 'wait' },
  {
    when: 'a leaver is the gateway itself',
    found: [ada],
    given: { shutOut: true, self: 'a-1' },
    result: 'own-identity',
  },
  {
    when: 'a leaver is managed elsewhere',
    found: [managed],
    given: { shutOut: true },
    result: 'managed-elsewhere',
  },
  {
    when: 'a leaver is linked elsewhere',
    found: [ada],
    given: { shutOut: true, linkedElsewhere: () => true },
    result: 'elsewhere',
  },
]

describe('correlate', () => {
  for (const { when, found, given, result, says } of cases) {
    it(`answers ${result} when ${when}`, () => {
      const answer = correlate(found, { ...usual, ...given })
      assert.equal(answer.kind === 'refuse' ? answer.failure : answer.kind, result)
      if (answer.kind === 'adopt') assert.equal(answer.account.id, 'a-1')
      if (says && 'detail' in answer) assert.match(answer.detail, says)
    })
  }
})
