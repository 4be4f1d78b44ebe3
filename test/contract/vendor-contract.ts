import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type AnyVendor, type Target } from '../../src/vendors/contract.ts'
import { type Attribute } from '../../src/model/capabilities.ts'
import type { Fault, Matcher } from '../../src/simulators/faults.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { describeEntitlements } from './entitlements.ts'
import { describeFailures } from './failures.ts'
import { describeGroups } from './groups.ts'
import { describeRoutes } from './routes.ts'
import { openKit, openTarget } from './target.ts'
import { type Account, type ApiProfile, entitlementKey, type Profile } from '../../src/model/account.ts'

/** What the suite must know of a vendor beside its capability table. */
export interface ContractSubject<S extends VendorSimulator = VendorSimulator> {
  readonly vendor: AnyVendor
  readonly profile: ApiProfile
  readonly start: () => Promise<S>
  /** Puts this many more accounts on the simulator. */
  seed(simulator: S, count: number): void
  /** The one writing call of a create. */
  readonly createCall: Matcher
  /** The calls that `get` makes, all of them or the first. */
  readonly getCall: Matcher
  /** A rate limit in the vendor's dialect that asks to wait for so many seconds; the suite adds the matcher. */
  readonly rateLimited: (seconds: number) => Omit<Fault, keyof Matcher>
  /** What the vendor answers credentials without the scope; the suite adds the matcher. */
  readonly lacksScope: Omit<Fault, keyof Matcher>
  /** Makes the vendor forget the tokens that it gave out. Absent: tokens are static. */
  expireTokens?(simulator: S): void
  /** The credentials belong to no account. */
  readonly withoutAccount?: true
}

/** What the parts of the suite share. A fresh target and an emptied simulator for every test. */
export interface Bench {
  readonly subject: ContractSubject
  readonly simulator: () => VendorSimulator
  readonly target: () => Target
  readonly create: (name: string) => Promise<Account>
  readonly draft: (name: string) => { login: string; profile: Profile; entitlements: [] }
  /** Test options: skipped with a printed reason unless possible. */
  readonly unless: (possible: unknown, reason: string) => { skip?: string }
}

/** What every vendor must do, the same for each vendor and profile. What the table rules out is skipped, with the reason. */
export function describeVendorContract<S extends VendorSimulator>(subject: ContractSubject<S>): void {
  const { vendor, profile } = subject
  const unless = (possible: unknown, reason: string) =>
    possible ? {} : { skip: `${vendor.id} (${profile}) ${reason}` }

  describe(`vendor contract: ${vendor.id} (${profile})`, { timeout: 300_000 }, () => {
    const kit = openKit()
    let simulator: S
    let target: Target
    before(async () => {
      simulator = await subject.start()
    })
    beforeEach(() => {
      simulator.reset()
      target = openTarget(vendor, simulator, profile, kit)
    })
    after(async () => {
      await simulator.close()
      await kit.dispatcher.close()
    })

    const draft = (name: string) => {
      const login = `${name}@corp.example`
      return { login, profile: profileOf(vendor, profile, name, login), entitlements: [] as [] }
    }
    const create = async (name: string) => {
      const { account } = await target.create(draft(name))
      assert.ok(account, 'a creation gives back its account')
      return account
    }
    const bench: Bench = {
      subject: subject as ContractSubject,
      simulator: () => simulator,
      target: () => target,
      create,
      draft,
      unless,
    }

    describeIdentity(bench)
    describeCreation(bench)
    describeFinding(bench)
    describeProfile(bench)
    describeEntitlements(bench)
    describeGroups(bench)
    describeLeaving(bench)
    describeFailures(bench)
    describeRoutes(subject, () => simulator)
  })
}

/** An id of the same form that nobody has. */
const unknownLike = (id: string): string =>
  id.replace(/\d$/, (digit) => String((Number(digit) + 5) % 10)).replace(/[a-f]$/, '0')

/** Attributes that may be sent at creation. */
function profileOf(vendor: AnyVendor, profile: ApiProfile, name: string, login: string): Profile {
  const full: Record<Attribute, string> = {
    userName: login,
    email: login,
    givenName: name,
    familyName: 'Contract',
    displayName: `${name} Contract`,
    locale: 'de-DE',
  }
  const { attributes } = vendor.capabilities(profile)
  const kept = Object.entries(full).filter(([attribute]) => {
    const support = attributes[attribute as Attribute]
    return support !== undefined && support.mutability !== 'readOnly'
  })
  return Object.fromEntries(kept)
}

function describeIdentity({ subject, simulator, target }: Bench): void {
  describe('identity', () => {
    it('accepts good credentials and writes nothing to try them', async () => {
      await target().test()
      const writes = simulator().trace.filter(({ mutating }) => mutating)
      assert.deepEqual(writes, [])
    })

    it('tells the tenant, the same each time', async () => {
      const tenant = await target().tenant()
      assert.notEqual(tenant, '')
      assert.equal(await target().tenant(), tenant)
    })

    it('tells its own account, or that it has none', async () => {
      const self = await target().self()
      assert.equal(self === undefined, subject.withoutAccount === true)
      if (self !== undefined) assert.equal((await target().get(self))?.id, self)
    })

    it('[M-14] gives the capability table of its profile', () => {
      assert.ok(target().capabilities.correlateBy.length > 0)
    })
  })
}

function describeCreation({ subject, simulator, target, create, draft }: Bench): void {
  const { createCall } = subject
  const invites = subject.vendor.capabilities(subject.profile).account.create === 'invite'
  const creations = () =>
    simulator().trace.filter(
      ({ method, path }) => method === createCall.method && new RegExp(createCall.path ?? '').test(path),
    )

  describe('create', () => {
    it(`ends as ${invites ? 'invited' : 'created'}, with an account that get and find agree on`, async () => {
      const { outcome, account } = await target().create(draft('ada'))
      assert.equal(outcome, invites ? 'invited' : 'created')
      assert.equal(account?.state, invites ? 'invited' : 'active')
      assert.equal(account?.login.toLowerCase(), 'ada@corp.example')
      assert.deepEqual(await target().get(account.id), account)
      const [attribute] = target().capabilities.correlateBy
      assert.deepEqual(await target().find(attribute, 'ada@corp.example'), [account])
      assert.equal(creations().length, 1)
    })

    it('reports an account that exists, in any letter case, and makes no second one', async () => {
      const first = await create('ada')
      const before = simulator().people()
      const again = await target().create({ ...draft('ada'), login: 'Ada@Corp.example' })
      assert.equal(again.outcome, 'exists')
      assert.equal(again.account?.id, first.id)
      assert.deepEqual(simulator().people(), before)
    })

    it('leaves one account that find sees when the answer is lost', async () => {
      await target().tenant()
      simulator().loseAnswer(createCall)
      await assert.rejects(target().create(draft('ada')), { failure: 'unavailable', certainlyNotDone: false })
      assert.equal(creations().length, 1)
      const [attribute] = target().capabilities.correlateBy
      assert.equal((await target().find(attribute, 'ada@corp.example')).length, 1)
    })

    it('is never repeated after a 502', async () => {
      simulator().failNext({ ...createCall, status: 502, body: '<html>Bad Gateway</html>' })
      await assert.rejects(target().create(draft('ada')), { failure: 'unavailable', certainlyNotDone: false })
      assert.equal(creations().length, 1)
    })
  })
}

function describeFinding({ subject, simulator, target, create }: Bench): void {
  describe('find', () => {
    it('disregards letter case', async () => {
      const { id } = await create('ada')
      const [attribute] = target().capabilities.correlateBy
      const found = await target().find(attribute, 'ADA@corp.EXAMPLE')
      assert.deepEqual(
        found.map((account) => account.id),
        [id],
      )
    })

    it('does not mistake a name that contains the one asked for', async () => {
      await create('miranda')
      const [attribute] = target().capabilities.correlateBy
      assert.deepEqual(await target().find(attribute, 'anda@corp.example'), [])
      assert.deepEqual(await target().find(attribute, 'miranda@corp.exampl'), [])
    })
  })

  describe('list', () => {
    it('[R3-16, R4-15, R4-26] crosses pages and gives each of 250 accounts once', async () => {
      subject.seed(simulator(), 250)
      const logins: string[] = []
      const ids = new Set<string>()
      for await (const { id, login } of target().list()) {
        ids.add(id)
        logins.push(login)
      }
      const people = simulator()
        .people()
        .map(({ login }) => login)
      assert.ok(people.length >= 250)
      assert.equal(ids.size, logins.length)
      assert.deepEqual(logins.sort(), people.sort())
    })
  })

  describe('get', () => {
    it('gives nothing for an account that the vendor does not know', async () => {
      const { id } = await create('ada')
      assert.equal(await target().get(unknownLike(id)), undefined)
    })
  })
}

function describeProfile({ subject, target, create, unless }: Bench): void {
  const { attributes, updateTogether = [] } = subject.vendor.capabilities(subject.profile)
  const renamed = 'renamed@corp.example'
  const values: { readonly [A in Attribute]?: string } = {
    userName: renamed,
    email: renamed,
    locale: 'fr-FR',
  }
  const valueOf = (attribute: Attribute) => values[attribute] ?? `New ${attribute}`

  describe('update', () => {
    for (const [attribute, { mutability }] of Object.entries(attributes) as [
      Attribute,
      { mutability: string },
    ][]) {
      const isWritable = mutability === 'readWrite'
      it(`${isWritable ? 'changes' : 'never changes'} ${attribute}, which is ${mutability}`, async () => {
        const { id, profile } = await create('ada')
        const together = updateTogether.includes(attribute) ? updateTogether : []
        const kept = Object.fromEntries(together.map((each) => [each, profile[each] ?? 'Kept']))
        const update = target().update(id, { ...kept, [attribute]: valueOf(attribute) })
        if (isWritable) await update
        else
          await update.catch(({ failure }: { failure?: string }) =>
            assert.match(failure ?? '', /unsupported|invalid/),
          )
        const expected = isWritable ? valueOf(attribute) : profile[attribute]
        assert.equal((await target().get(id))?.profile[attribute], expected)
      })
    }

    const [writable] =
      Object.entries(attributes).find(([, { mutability }]) => mutability === 'readWrite') ?? []
    it('says so when the account is gone', unless(writable, 'has no writable attributes'), async () => {
      const { id } = await create('ada')
      await target().remove?.(id)
      const gone = target().remove ? id : unknownLike(id)
      const change = Object.fromEntries(
        [...updateTogether, writable as Attribute].map((each) => [each, 'New']),
      )
      await assert.rejects(target().update(gone, change), { failure: 'not-found' })
    })
  })
}

function describeLeaving({ subject, target, create, unless }: Bench): void {
  const { account: can } = subject.vendor.capabilities(subject.profile)

  describe('setActive', unless(can.disable, 'has no off switch'), () => {
    it('turns an account off and on', async () => {
      // An invitation that nobody accepted is open again afterwards.
      const { id, state } = await create('ada')
      await target().setActive?.(id, false)
      assert.equal((await target().get(id))?.state, 'disabled')
      await target().setActive?.(id, true)
      assert.equal((await target().get(id))?.state, state)
    })
  })

  describe('remove', unless(can.remove, 'cannot remove accounts'), () => {
    it('removes the account, and resolves when it is already gone', async () => {
      const { id, login } = await create('ada')
      await target().remove?.(id)
      assert.equal(await target().get(id), undefined)
      const [attribute] = target().capabilities.correlateBy
      assert.deepEqual(await target().find(attribute, login), [])
      await target().remove?.(id)
    })
  })
}

/** Keys of what an account holds, sorted. */
export async function heldKeys(target: Target, id: string): Promise<readonly string[]> {
  const account = await target.get(id)
  assert.ok(account, `no account ${id}`)
  return account.entitlements.map(entitlementKey).sort()
}
