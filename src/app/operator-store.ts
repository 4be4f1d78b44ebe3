import type { OperatorStore } from '../model/operator.ts'
import {
  account,
  accounts,
  operations,
  relinkAccount,
  retryAccount,
  setUnmanaged,
} from '../operations/accounts/store.ts'
import {
  catalogue,
  connection,
  connections,
  directories,
  retryConnection,
  standing,
  unpark,
} from '../operations/connections/store.ts'
import { createOperator, operators, revokeOperator, verifyOperator } from '../operations/operators/store.ts'
import { events, people } from '../operations/accounts/people-store.ts'
import { createToken, revokeToken, rotateToken, tokens } from '../operations/tokens/store.ts'
import type { Sql } from '../store/sql/statement.ts'

/** `forgetTokens`: a change of tokens is believed by this process at once. */
export function createOperatorStore(db: Sql, forgetTokens: () => void): OperatorStore {
  const forgetting = async <T>(change: Promise<T>): Promise<T> => {
    const done = await change
    forgetTokens()
    return done
  }
  return {
    verifyOperator: (secret) => verifyOperator(db, secret),
    operators: () => operators(db),
    createOperator: (draft, by) => createOperator(db, draft, by),
    revokeOperator: (id, by) => revokeOperator(db, id, by),
    directories: () => directories(db),
    tokens: (directory) => tokens(db, directory),
    createToken: (directory, draft, by) => createToken(db, directory, draft, by),
    rotateToken: (directory, id, next, by) => forgetting(rotateToken(db, directory, id, next, by)),
    revokeToken: (directory, id, by) => forgetting(revokeToken(db, directory, id, by)),
    connections: (filter) => connections(db, filter),
    connection: (id) => connection(db, id),
    standing: () => standing(db),
    catalogue: (id) => catalogue(db, id),
    unpark: (id, by) => unpark(db, id, by),
    retryConnection: (id, by) => retryConnection(db, id, by),
    accounts: (query) => accounts(db, query),
    account: (id) => account(db, id),
    operations: (id, page) => operations(db, id, page),
    retryAccount: (id, by) => retryAccount(db, id, by),
    relinkAccount: (id, by) => relinkAccount(db, id, by),
    setUnmanaged: (id, unmanaged, by) => setUnmanaged(db, id, unmanaged, by),
    people: (userName, directory) => people(db, userName, directory),
    events: (query) => events(db, query),
  }
}
