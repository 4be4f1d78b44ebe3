import type { AccountQueue } from '../../provisioning/ports.ts'
import type { Sql } from '../sql/client.ts'
import { claim, claimDue, type Leasing, renew } from './claim.ts'
import { closeOperation, inherit, openOperation, saveAccount } from './journal.ts'
import { settle } from './settle.ts'
import { createReader, linkedElsewhere, outcomes } from './work.ts'

export function createQueue(db: Sql, leasing: Leasing): AccountQueue {
  return {
    claimDue: (limit) => claimDue(db, leasing, limit),
    claim: (accountId) => claim(db, leasing, accountId),
    renew: (leases) => renew(db, leasing, leases),
    read: createReader(db, leasing.owner),
    open: (lease, operation, before) => openOperation(db, leasing, lease, operation, before),
    close: (lease, id, closing, update) => closeOperation(db, leasing, lease, id, closing, update),
    save: (lease, update) => saveAccount(db, leasing, lease, update),
    settle: (lease, settlement, unclosed) => settle(db, leasing, lease, settlement, unclosed),
    inherit: (lease, predecessor) => inherit(db, leasing, lease, predecessor),
    linkedElsewhere: (accountId, tenant, ids) => linkedElsewhere(db, accountId, tenant, ids),
    outcomes: (userId) => outcomes(db, userId),
  }
}
