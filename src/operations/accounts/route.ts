import { Type } from 'typebox'
import { notFound, Problem } from '../../admin/problem.ts'
import { route, type Route } from '../../admin/route.ts'
import { anything, closed, id, instant, listOf, name, pageOf, pageQuery, record } from '../../admin/shapes.ts'
import { explainedAt } from '../../model/errors.ts'
import type { Change } from '../../model/operator.ts'
import type { Sql } from '../../store/sql/statement.ts'
import {
  account as readAccount,
  type AccountChange,
  accounts,
  type AccountView,
  operations,
  people,
  relinkAccount,
  retryAccount,
  setUnmanaged,
} from './store.ts'

const account = Type.Object({
  id,
  connectionId: id,
  connection: Type.String(),
  directory: Type.String(),
  userId: id,
  userName: Type.String(),
  wanted: Type.Enum(['active', 'inactive', 'deleted']),
  status: Type.String(),
  proven: Type.Boolean(),
  unmanaged: Type.Boolean(),
  vendorAccountId: Type.Optional(Type.String()),
  provenAt: Type.Optional(instant),
  dueAt: Type.Optional(instant),
  attempts: Type.Integer(),
  failure: Type.Optional(record),
  deviations: Type.Array(anything),
  shutOutAskedAt: Type.Optional(instant),
})

const detail = Type.Object({
  ...account.properties,
  held: Type.Optional(record),
  snapshot: Type.Optional(record),
  wantedVersion: Type.Integer(),
  provenVersion: Type.Integer(),
})

const operation = Type.Object({
  id,
  op: Type.String(),
  operation: anything,
  before: Type.Optional(anything),
  after: Type.Optional(anything),
  outcome: Type.Optional(Type.String()),
  failure: Type.Optional(anything),
  vendorRequestId: Type.Optional(Type.String()),
  durationMs: Type.Optional(Type.Integer()),
  openedAt: instant,
  closedAt: Type.Optional(instant),
})

const one = closed({ account: id })
const state = Type.Object({ state: Type.Enum(['done', 'no-effect']) })

interface Deps {
  readonly db: Sql
  /** Accounts became due. */
  readonly wake: () => void
}

export function accountRoutes(deps: Deps): readonly Route[] {
  return [...reading(deps.db), ...changing(deps)]
}

function reading(db: Sql): readonly Route[] {
  return [
    route({
      id: 'listAccounts',
      method: 'GET',
      path: '/accounts',
      tag: 'accounts',
      role: 'viewer',
      summary: 'Accounts by connection, status and person.',
      query: closed({
        ...pageQuery,
        after: Type.Optional(id),
        connection: Type.Optional(id),
        directory: Type.Optional(Type.String()),
        status: Type.Optional(
          Type.Enum(['pending', 'waiting', 'verifying', 'invited', 'proven', 'failed', 'unproven']),
        ),
        userName: Type.Optional(Type.String()),
        unmanaged: Type.Optional(Type.Boolean()),
      }),
      answer: listOf(account),
      async run({ query: { connection, limit, ...query } }) {
        const asked = { ...query, ...(connection ? { connectionId: connection } : {}), limit: limit + 1 }
        return pageOf((await accounts(db, asked)).map(plain), limit)
      },
    }),
    route({
      id: 'readAccount',
      method: 'GET',
      path: '/accounts/:account',
      tag: 'accounts',
      role: 'viewer',
      summary: 'One account: what is wanted, what is held, why it is not proven.',
      params: one,
      answer: detail,
      async run({ params }) {
        const found = await readAccount(db, params.account)
        if (!found) throw notFound('account')
        return { ...found, ...plain(found) }
      },
    }),
    route({
      id: 'listOperations',
      method: 'GET',
      path: '/accounts/:account/operations',
      tag: 'accounts',
      role: 'viewer',
      summary: 'The journal of an account, newest first.',
      params: one,
      query: closed({ ...pageQuery, after: Type.Optional(id) }),
      answer: listOf(operation),
      async run({ params, query }) {
        const found = await operations(db, params.account, { ...query, limit: query.limit + 1 })
        return pageOf(found, query.limit)
      },
    }),
  ]
}

function changing({ db, wake }: Deps): readonly Route[] {
  const action = (
    path: string,
    operationId: string,
    summary: string,
    change: (account: string, actor: Change) => Promise<AccountChange>,
  ) =>
    route({
      id: operationId,
      method: 'POST',
      path: `/accounts/:account/${path}`,
      tag: 'accounts',
      role: 'operator',
      summary,
      params: one,
      answer: state,
      async run({ params, actor }) {
        const changed = outcomeOf(await change(params.account, actor))
        wake()
        return { state: changed }
      },
    })
  return [
    action('retry', 'retryAccount', 'Retries an unproven account now.', (each, actor) =>
      retryAccount(db, each, actor),
    ),
    action(
      'relink',
      'relinkAccount',
      'Forgets which vendor account is linked; it is looked up by its login again.',
      (each, actor) => relinkAccount(db, each, actor),
    ),
    action(
      'ignore',
      'ignoreAccount',
      'Excludes the account from provisioning: it is listed, but never changed.',
      (each, actor) => setUnmanaged(db, each, true, actor),
    ),
    action('manage', 'manageAccount', 'Includes an ignored account in provisioning again.', (each, actor) =>
      setUnmanaged(db, each, false, actor),
    ),
  ]
}

function outcomeOf(change: AccountChange): 'done' | 'no-effect' {
  if (change === 'not-found') throw notFound('account')
  if (change === 'busy') {
    throw new Problem(409, 'busy', 'The account is being worked on right now: try again in a few seconds.')
  }
  return change
}

/** As the answer's schema spells it. */
function plain<T extends AccountView>(view: T) {
  const { failure, deviations, ...rest } = view
  return {
    ...rest,
    deviations: [...deviations],
    ...(failure === undefined
      ? {}
      : { failure: { ...failure, see: explainedAt('account', String(failure['kind'])) } }),
  }
}

const person = Type.Object({
  id,
  directory: Type.String(),
  userName: Type.String(),
  active: Type.Boolean(),
  deleted: Type.Boolean(),
  hold: Type.Optional(anything),
  groups: Type.Array(Type.String()),
  accounts: Type.Array(account),
})

export function peopleRoutes(db: Sql): readonly Route[] {
  return [
    route({
      id: 'readPerson',
      method: 'GET',
      path: '/people/:userName',
      tag: 'people',
      role: 'viewer',
      summary: 'The state of everybody with this userName at every connection, deleted people included.',
      params: closed({ userName: name }),
      query: closed({ directory: Type.Optional(Type.String()) }),
      answer: listOf(person),
      async run({ params, query }) {
        const found = await people(db, params.userName, query.directory)
        if (found.length === 0)
          throw new Problem(404, 'not-found', `Nobody has or had the userName ${params.userName}.`)
        return {
          items: found.map((each) => ({
            ...each,
            groups: [...each.groups],
            accounts: each.accounts.map(plain),
          })),
        }
      },
    }),
  ]
}
