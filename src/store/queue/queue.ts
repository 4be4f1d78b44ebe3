import type { AccountQueue } from '../../model/work.ts'
import { begin, claim, claimDue, type Handover, type Leasing, renew } from './claim.ts'
import { createSettling } from './settle.ts'
import { closeOperation, doubt, inherit, createOpening, saveAccount } from './journal.ts'
import { createReader, linkedElsewhere, outcomes } from './work.ts'
import type { Sql } from '../sql/statement.ts'

export function createQueue(db: Sql, leasing: Leasing, handover: Handover): AccountQueue {
  return {
    claimDue: (limit) => claimDue(db, leasing, limit),
    begin: (...asked) => begin(db, leasing, handover, asked),
    claim: (accountId) => claim(db, leasing, accountId),
    renew: (leases) => renew(db, leasing, leases),
    read: createReader(db, leasing.owner),
    open: createOpening(db, leasing),
    close: (lease, id, closing, update) => closeOperation(db, leasing, lease, id, closing, update),
    save: (lease, update) => saveAccount(db, leasing, lease, update),
    settle: createSettling(db, leasing),
    doubt: (accountId) => doubt(db, accountId),
    inherit: (lease, predecessor) => inherit(db, leasing, lease, predecessor),
    linkedElsewhere: (accountId, tenant, ids) => linkedElsewhere(db, accountId, tenant, ids),
    outcomes: (userId) => outcomes(db, userId),
  }
}
