import type { TSchema } from 'typebox'
import {
  type Account,
  type AccountDraft,
  type AccountFacts,
  type AccountSummary,
  type Entitlement,
  type EntitlementChange,
  entitlementKey,
  type EntitlementRef,
  type Profile,
  type VendorGroup,
} from '../../model/account.ts'
import type { EntitlementKind } from '../../model/capabilities.ts'
import { type Failure, ignoring, VendorError } from '../../model/errors.ts'
import type { Creation, DoctorFinding, Receipt, Target } from '../contract.ts'
import { type Call, header, type Query, type Reply, type Requester } from '../kit/http.ts'
import { pages, type Paginator } from '../kit/paginate.ts'
import {
  accountShape,
  at,
  booleanOf,
  catalogueShape,
  conditionShape,
  meets,
  peopleOf,
  replyShape,
  textOf,
  thingsOf,
  valuesAt,
} from './fields.ts'
import type { AnyEndpointName, Endpoint, Paging, RestVendor } from './model.ts'
import { type Known, render, renderPath } from './template.ts'

export interface TargetOptions {
  readonly vendor: RestVendor
  readonly senderOf: (name: AnyEndpointName) => Requester
  readonly settings: Readonly<Record<string, unknown>>
  readonly host: string
}

/** The catalogue, and which of it are more than entitlements. */
interface Book {
  readonly entitlements: readonly Entitlement[]
  readonly everybody: Readonly<Record<EntitlementKind, readonly string[]>>
}

const kinds: readonly EntitlementKind[] = ['role', 'group']
const catalogueOf = { role: 'roles', group: 'groups' } as const
const grantOf = { role: 'grantRole', group: 'grantGroup' } as const
const revokeOf = { role: 'revokeRole', group: 'revokeGroup' } as const
const empty: Book = { entitlements: [], everybody: { role: [], group: [] } }

/** A target out of a declaration: the contract's promises are kept here, once for every declared vendor. */
export function createTarget(options: TargetOptions): Target {
  const calls = createCalls(options)
  const { vendor } = options
  const { endpoints, can } = vendor
  const book = createBook(options, calls)
  const reading = createReading(options, calls, book)
  const { get, find } = reading

  return {
    capabilities: can,
    async test() {
      const current = endpoints.current && (await calls.current('test'))
      if (current && vendor.demands && !meets(current, vendor.demands))
        throw calls.failure('missing-scope', 'test', vendor.demands.otherwise)
      await book.read('test')
      await reading.list('test').next()
    },
    async tenant() {
      if (vendor.tenant === 'host') return options.host
      const id = textOf(await calls.current('tenant'), vendor.tenant)
      if (id === undefined) throw calls.failure('unexpected', 'tenant', 'the vendor tells no tenant')
      return id
    },
    self: async () => (vendor.self ? textOf(await calls.current('self'), vendor.self) : undefined),
    get: (id) => get('get', id),
    find: (attribute, value) => (can.correlateBy.includes(attribute) ? find('find', value) : none()),
    list: () => reading.list('list'),
    create: (draft) => create(options, calls, book, reading, draft),
    async update(id, change, settings) {
      if (!endpoints.update)
        throw calls.failure('unsupported', 'update', 'nothing of an account can be written')
      return calls.write('update', 'update', { id, ...change, ...settings })
    },
    catalogue: async () => (await book.read('catalogue')).entitlements,
    changeEntitlements: (id, change, known) =>
      changeEntitlements(options, calls, book, get, id, change, known),
    ...(can.groups && groupKeeping(options, calls, book)),
    ...(can.account.disable && {
      setActive: (id: string, active: boolean) => calls.write(active ? 'on' : 'off', 'setActive', { id }),
    }),
    ...(can.account.remove && {
      remove: async (id: string) =>
        (await calls.write('remove', 'remove', { id }).catch(ignoring('not-found'))) ?? {},
    }),
    ...(endpoints.renew && {
      renewInvitation: (id: string) => calls.write('renew', 'renewInvitation', { id }),
    }),
    ...(vendor.demands && { examine: () => examine(options, calls) }),
  }
}

const none = async (): Promise<readonly Account[]> => []

type Calls = ReturnType<typeof createCalls>
type BookKeeper = ReturnType<typeof createBook>
type Reading = ReturnType<typeof createReading>
type Get = Reading['get']

/** Every exchange with the vendor, by the name of its endpoint. */
function createCalls({ vendor, senderOf, settings }: TargetOptions) {
  const { endpoints } = vendor

  function endpointOf(name: AnyEndpointName): Endpoint {
    const endpoint = endpoints[name]
    if (!endpoint) throw new Error(`${vendor.id} declares no endpoint ${name}`)
    return endpoint
  }

  function callOf(name: AnyEndpointName, operation: string, known: Known): Call {
    const { method, path, query = {}, body, needs = vendor.scopes[0], class: pathClass } = endpointOf(name)
    const all = { ...known, settings }
    return {
      operation,
      method,
      path: renderPath(path, all),
      query: render(query, all) as Query,
      ...(body === undefined ? {} : { body: render(body, all) }),
      pathClass: pathClass ?? classOf(path),
      needs,
    }
  }

  async function read(
    name: AnyEndpointName,
    operation: string,
    known: Known,
    inner: TSchema,
  ): Promise<{ readonly found: unknown; readonly receipt: Receipt }> {
    const { at: place } = endpointOf(name)
    const reply = await senderOf(name)(callOf(name, operation, known), replyShape(place, inner))
    return { found: at(reply.body, place), receipt: receiptOf(reply, vendor) }
  }

  return {
    endpointOf,
    read,

    current: async (operation: string): Promise<unknown> => {
      const fields = [vendor.tenant, vendor.self].filter((field) => field !== undefined && field !== 'host')
      return (await read('current', operation, {}, conditionShape(fields as string[], vendor.demands))).found
    },

    async write(name: AnyEndpointName, operation: string, known: Known): Promise<Receipt> {
      return receiptOf(await senderOf(name)(callOf(name, operation, known)), vendor)
    },

    async *rows(
      name: AnyEndpointName,
      operation: string,
      known: Known,
      list: TSchema,
    ): AsyncGenerator<unknown> {
      const { at: place, paging } = endpointOf(name)
      const call = callOf(name, operation, known)
      const fields = paging && paging.by !== 'cursor' ? [`${paging.total}:integer`] : []
      const first = paging ? { ...call, query: { ...call.query, ...start(paging) } } : call
      const shape = replyShape(place, list, fields)
      const next = paging ? nextOf(paging, place, vendor.id) : () => undefined
      for await (const page of pages(senderOf(name), first, shape, next)) yield* at(page, place) as unknown[]
    },

    failure: (kind: Failure, operation: string, detail: string) =>
      new VendorError(kind, detail, { vendor: vendor.id, operation, certainlyNotDone: true }),
  }
}

/** What its path begins with, ids aside. */
const classOf = (path: string): string => path.split('/').find((part) => !part.includes('{')) ?? 'all'

function receiptOf(reply: Reply, { requestId }: RestVendor): Receipt {
  const id = requestId === undefined ? undefined : header(reply, requestId)
  return id === undefined ? {} : { requestId: id }
}

function start(paging: Paging): Query {
  const size = { [paging.size]: paging.most }
  if (paging.by === 'offset') return { ...size, [paging.offset]: 0 }
  return paging.by === 'page' ? { ...size, [paging.page]: paging.first ?? 1 } : size
}

/** Goes on until as many came as the vendor says there are: a page that lacks is no end. */
function nextOf(paging: Paging, place: string | undefined, vendor: string): Paginator {
  let come = 0
  return (reply, call) => {
    const list = at(reply.body, place)
    const count = (Array.isArray(list) ? list.length : 0) + (reply.leftOut ?? 0)
    come += count
    if (paging.by === 'cursor') {
      const next = at(reply.body, paging.next)
      const isMore = paging.more === undefined ? true : at(reply.body, paging.more) === true
      return isMore && (typeof next === 'string' || typeof next === 'number') && next !== ''
        ? { [paging.cursor]: next }
        : undefined
    }
    if (come >= Number(at(reply.body, paging.total))) return undefined
    if (count === 0) {
      const { operation, pathClass } = call
      const details = { vendor, operation, pathClass, status: reply.status }
      throw new VendorError('unexpected', `the list ends after ${come} entries, before its total`, details)
    }
    return paging.by === 'offset'
      ? { [paging.offset]: come }
      : { [paging.page]: Number(call.query?.[paging.page] ?? 1) + 1 }
  }
}

/** The catalogue, read once and again where somebody asks for it or for something that it does not know. */
function createBook({ vendor }: TargetOptions, calls: Calls) {
  let known: Promise<Book> | undefined

  async function fetched(operation: string): Promise<Book> {
    const entitlements: Entitlement[] = []
    const everybody: Record<EntitlementKind, string[]> = { role: [], group: [] }
    for (const kind of kinds) {
      const mapping = vendor.catalogue[kind]
      if (!mapping) continue
      const shape = thingsOf(catalogueShape(mapping))
      for await (const row of calls.rows(catalogueOf[kind], operation, {}, shape)) {
        const id = textOf(row, mapping.id)
        const name = textOf(row, mapping.name)
        if (id === undefined || name === undefined) continue
        if (mapping.everybody?.some((each) => meets(row, each))) everybody[kind].push(id)
        else
          entitlements.push({
            kind,
            id,
            name,
            privileged: mapping.privileged?.some((each) => meets(row, each)) ?? false,
          })
      }
    }
    return { entitlements, everybody }
  }

  function read(operation: string): Promise<Book> {
    const reading = fetched(operation)
    known = reading
    reading.catch(() => {
      if (known === reading) known = undefined
    })
    return reading
  }

  return {
    read,
    forget: (): void => void (known = undefined),
    /** For reading accounts: without the catalogue they are read all the same. */
    forReading: (operation: string): Promise<Book> => (known ?? read(operation)).catch(() => empty),
    /** For writing: knows everything that is asked for, or it is not there. */
    async knowing(operation: string, refs: readonly EntitlementRef[]): Promise<Book> {
      const isIn = (book: Book) =>
        refs.every((ref) => book.entitlements.some((each) => entitlementKey(each) === entitlementKey(ref)))
      const first = await (known ?? read(operation))
      if (isIn(first)) return first
      const second = await read(operation)
      if (!isIn(second))
        throw calls.failure('invalid', operation, 'a role or group is not in the catalogue of the vendor')
      return second
    },
  }
}

function createReading({ vendor }: TargetOptions, calls: Calls, book: BookKeeper) {
  const { account: mapping, endpoints } = vendor

  async function get(operation: string, id: string): Promise<Account | undefined> {
    const reading = calls.read('get', operation, { id }, accountShape(mapping, false))
    const result = await reading.catch(ignoring('not-found'))
    return result && toAccount(vendor, result.found, await book.forReading(operation))
  }

  function rows(name: 'list' | 'find', operation: string, known: Known): AsyncGenerator<unknown> {
    const isPartial = calls.endpointOf(name).partial === true
    return calls.rows(name, operation, known, peopleOf(accountShape(mapping, isPartial)))
  }

  /** The vendor's search is a help, not a judge: the match is made here. */
  async function find(operation: string, value: string): Promise<readonly Account[]> {
    const wanted = value.trim().toLowerCase()
    if (wanted === '') return []
    const name = endpoints.find ? 'find' : 'list'
    const names = await book.forReading(operation)
    const found: Account[] = []
    for await (const row of rows(name, operation, { value: wanted })) {
      const { id, login, profile } = toSummary(vendor, row, names)
      if (login.toLowerCase() !== wanted && profile.email?.toLowerCase() !== wanted) continue
      if (found.some((each) => each.id === id)) continue
      const account = calls.endpointOf(name).partial
        ? await get(operation, id)
        : toAccount(vendor, row, names)
      // Listed a moment ago: something in between answers, or it is just being removed. Neither proves anything.
      if (!account) throw calls.failure('unexpected', operation, 'an account that is listed cannot be read')
      found.push(account)
    }
    return found
  }

  return {
    get,
    find,
    async *list(operation: string): AsyncGenerator<AccountSummary> {
      const isPartial = endpoints.list.partial === true
      const names = await book.forReading(operation)
      for await (const row of rows('list', operation, {}))
        yield isPartial ? toSummary(vendor, row, names) : toAccount(vendor, row, names)
    },
  }
}

function toSummary(vendor: RestVendor, body: unknown, book: Book): AccountSummary {
  const { account: mapping } = vendor
  const profile = Object.entries(mapping.profile).flatMap(([attribute, field]) => {
    const value = textOf(body, field)
    return value === undefined ? [] : [[attribute, value] as const]
  })
  const state = mapping.state.find((each) => meets(body, each))?.means ?? 'active'
  const createdAt = textOf(body, mapping.createdAt)
  return {
    id: textOf(body, mapping.id) ?? '',
    login: textOf(body, mapping.login) ?? '',
    profile: Object.fromEntries(profile) as Profile,
    state,
    ...(createdAt === undefined ? {} : { createdAt }),
    privileged: heldIn(vendor, body, book).some((ref) => isPrivileged(ref, book)),
    facts: factsOf(vendor, body, state),
  }
}

/** An account as a body shows it that has its shape. */
export function toAccount(vendor: RestVendor, body: unknown, book: Book): Account {
  return { ...toSummary(vendor, body, book), entitlements: heldIn(vendor, body, book) }
}

function isPrivileged(ref: EntitlementRef, { entitlements }: Book): boolean {
  return entitlements.some((each) => each.privileged && entitlementKey(each) === entitlementKey(ref))
}

/** What everybody has is no entitlement: nobody can be kept out of it. */
function heldIn({ account }: RestVendor, body: unknown, { everybody }: Book): readonly EntitlementRef[] {
  const refs = account.holds.flatMap(({ kind, each, of }) =>
    valuesAt(body, [...each.split('.'), '*']).flatMap((entry) => {
      const id = of === undefined ? String(entry) : textOf(entry, of)
      return id === undefined || everybody[kind].includes(id) ? [] : [{ kind, id }]
    }),
  )
  return [...new Map(refs.map((ref) => [entitlementKey(ref), ref])).values()]
}

function factsOf({ account }: RestVendor, body: unknown, state: Account['state']): AccountFacts {
  const { facts = {}, service, readOnly } = account
  const { twoFactor, emailVerified, ...texts } = facts
  const said = Object.entries(texts).map(([name, field]) => [name, textOf(body, field)] as const)
  const yesOrNo = Object.entries({ twoFactor, emailVerified }).map(
    ([name, field]) => [name, booleanOf(body, field)] as const,
  )
  const known = [...said, ...yesOrNo].filter(([, value]) => value !== undefined)
  return {
    ...(Object.fromEntries(known) as AccountFacts),
    ...(state === 'invited' ? { invitation: 'pending' } : {}),
    ...(service && meets(body, service) ? { kind: 'service' } : {}),
    ...(readOnly && textOf(body, readOnly.where) !== undefined ? { readOnly: readOnly.attributes } : {}),
  }
}

/** Ids by kind, as a body names them: what everybody holds is always among them. */
function sets(refs: readonly EntitlementRef[], book: Book): Known {
  const ids = (kind: EntitlementKind): readonly string[] => [
    ...new Set([...book.everybody[kind], ...refs.filter((ref) => ref.kind === kind).map(({ id }) => id)]),
  ]
  return {
    role: ids('role'),
    group: ids('group'),
    firstRole: refs.find(({ kind }) => kind === 'role')?.id,
    isPrivileged: refs.some((ref) => isPrivileged(ref, book)),
  }
}

/** The creation is tried, not asked about first: the vendor's refusal of a duplicate is the one sure answer. */
async function create(
  { vendor }: TargetOptions,
  calls: Calls,
  book: BookKeeper,
  { get, find }: Reading,
  { login, profile, entitlements, settings }: AccountDraft,
): Promise<Creation> {
  const { can, account: mapping, endpoints } = vendor
  const floor = kinds.flatMap((kind) => {
    const [id] = can.entitlements[kind]?.floor ?? []
    return id === undefined || entitlements.some((each) => each.kind === kind) ? [] : [{ kind, id }]
  })
  const names = await book.knowing('create', entitlements)
  const known = {
    login,
    ...profile,
    email: profile.email ?? login,
    ...settings,
    ...sets([...entitlements, ...floor], names),
  }
  const isPartial = endpoints.create.partial === true
  const made = await calls
    .read('create', 'create', known, accountShape(mapping, isPartial))
    .catch((error: unknown) => refusedCreation(error))
  if (made instanceof VendorError) {
    const [account, another] = await find('create', login)
    // Not every vendor has words of its own for a duplicate: a value that was refused may be an account that exists.
    if (!account && made.failure === 'invalid') throw made
    return { outcome: 'exists', account: another ? undefined : account }
  }
  const account = isPartial
    ? await get('create', textOf(made.found, mapping.id) ?? '')
    : toAccount(vendor, made.found, names)
  return { outcome: can.account.create === 'invite' ? 'invited' : 'created', account, ...made.receipt }
}

function refusedCreation(error: unknown): VendorError {
  if (
    error instanceof VendorError &&
    error.certainlyNotDone &&
    ['conflict', 'invalid'].includes(error.failure)
  )
    return error
  throw error
}

async function changeEntitlements(
  { vendor }: TargetOptions,
  calls: Calls,
  book: BookKeeper,
  get: Get,
  id: string,
  { assign, revoke }: EntitlementChange,
  known: Account | undefined,
): Promise<Receipt> {
  const operation = 'changeEntitlements'
  const refs = [...assign, ...revoke]
  const [only, another] = refs
  if (!only) return {}
  if (refs.some(({ scope, until }) => scope ?? until))
    throw calls.failure(
      'unsupported',
      operation,
      `${vendor.name} grants for the whole tenant, and without an end`,
    )
  if (vendor.can.entitlements[only.kind]?.write === 'delta') {
    if (another) throw calls.failure('unsupported', operation, 'one at a time')
    return changeOne(vendor, calls, get, id, only, assign.length > 0)
  }
  const names = await book.knowing(operation, assign)
  const account = known ?? (await get(operation, id))
  if (!account) throw calls.failure('not-found', operation, 'there is no such account')
  const after = afterChange(vendor, account.entitlements, { assign, revoke })
  const keys = (all: readonly EntitlementRef[]): string => all.map(entitlementKey).sort().join()
  if (keys(after) === keys(account.entitlements)) return {}
  try {
    return await calls.write('assign', operation, { id, ...sets(after, names) })
  } catch (error) {
    // A role or group that went meanwhile is refused in many ways, 5xx among them: the catalogue tells.
    if (error instanceof VendorError && ['invalid', 'unavailable'].includes(error.failure)) {
      book.forget()
      await book.knowing(operation, assign)
    }
    throw error
  }
}

/** What is held after a change; what it does not name stays, and of a kind of which one is held the lowest remains. */
function afterChange(
  { can }: RestVendor,
  before: readonly EntitlementRef[],
  { assign, revoke }: EntitlementChange,
): readonly EntitlementRef[] {
  const gone = new Set(revoke.map(entitlementKey))
  const isOne = (kind: EntitlementKind): boolean => can.entitlements[kind]?.perAccount === 'one'
  const replaced = new Set(assign.filter(({ kind }) => isOne(kind)).map(({ kind }) => kind))
  const kept = before.filter((ref) => !gone.has(entitlementKey(ref)) && !replaced.has(ref.kind))
  const after = [...new Map([...kept, ...assign].map((ref) => [entitlementKey(ref), ref])).values()]
  const floors = kinds.flatMap((kind) => {
    const [id] = can.entitlements[kind]?.floor ?? []
    return id === undefined || !isOne(kind) || after.some((ref) => ref.kind === kind) ? [] : [{ kind, id }]
  })
  return [...after, ...floors]
}

/** One entitlement by a call of its own; where the account or the entitlement is gone, reading the account tells which. */
async function changeOne(
  { can }: RestVendor,
  calls: Calls,
  get: Get,
  id: string,
  ref: EntitlementRef,
  isGrant: boolean,
): Promise<Receipt> {
  const operation = 'changeEntitlements'
  const { floor: [lowest] = [], perAccount } = can.entitlements[ref.kind] ?? {}
  // Of a kind of which one must be held the lowest takes the place of what goes.
  const entitlement = isGrant || perAccount !== 'one' ? ref.id : (lowest ?? ref.id)
  const name = isGrant || entitlement !== ref.id ? grantOf[ref.kind] : revokeOf[ref.kind]
  const done = await calls.write(name, operation, { id, entitlement }).catch(ignoring('not-found'))
  if (done) return done
  if (!(await get(operation, id))) throw calls.failure('not-found', operation, 'there is no such account')
  if (isGrant) throw calls.failure('invalid', operation, `there is no ${ref.kind} ${ref.id}`)
  return {}
}

function groupKeeping({ vendor }: TargetOptions, calls: Calls, book: BookKeeper) {
  const mapping = vendor.catalogue.group
  if (!mapping) throw new Error(`${vendor.id} keeps groups and declares no catalogue of them`)
  const shape = catalogueShape(mapping)
  const toGroup = (row: unknown): VendorGroup => ({
    id: textOf(row, mapping.id) ?? '',
    name: textOf(row, mapping.name) ?? '',
  })
  async function called(operation: string, name: string): Promise<readonly VendorGroup[]> {
    const found: VendorGroup[] = []
    for await (const row of calls.rows('groups', operation, {}, thingsOf(shape))) {
      const group = toGroup(row)
      if (group.name === name) found.push(group)
    }
    return found
  }
  return {
    findGroups: (name: string) => called('findGroups', name),
    async createGroup(name: string) {
      const made = await calls.read('createGroup', 'createGroup', { name }, shape).catch(ignoring('conflict'))
      if (made) return { outcome: 'created', group: toGroup(made.found), ...made.receipt } as const
      const [group, another] = await called('createGroup', name)
      return { outcome: 'exists', group: another ? undefined : group } as const
    },
    ...(vendor.can.groups?.rename && {
      async renameGroup(id: string, name: string) {
        const { found, receipt } = await calls.read('renameGroup', 'renameGroup', { id, name }, shape)
        return { group: toGroup(found), ...receipt }
      },
    }),
    ...(vendor.can.groups?.remove && {
      async removeGroup(id: string): Promise<Receipt> {
        book.forget()
        return (await calls.write('removeGroup', 'removeGroup', { id }).catch(ignoring('not-found'))) ?? {}
      },
    }),
  }
}

async function* examine({ vendor }: TargetOptions, calls: Calls): AsyncGenerator<DoctorFinding> {
  const { demands } = vendor
  if (!demands) return
  const check = 'scopes'
  try {
    const isMet = meets(await calls.current('examine'), demands)
    yield isMet
      ? { check, state: 'ok', detail: vendor.scopes.join(', ') }
      : { check, state: 'failed', detail: demands.otherwise }
  } catch (error) {
    if (!(error instanceof VendorError)) throw error
    yield { check, state: error.failure === 'missing-scope' ? 'failed' : 'unknown', detail: error.detail }
  }
}
