import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Bench } from './vendor-contract.ts'

/** What the vendor's own groups and teams must do, where the table says that they can be made. */
export function describeGroups({ subject, simulator, target, create, unless }: Bench): void {
  const { groups } = subject.vendor.capabilities(subject.profile)
  const writes = () => simulator().trace.filter(({ mutating }) => mutating).length
  const making = async (name: string) => {
    const { outcome, group } = await target().createGroup!(name)
    assert.equal(outcome, 'created')
    assert.ok(group)
    return group
  }

  describe('groups', unless(groups, 'makes no groups'), () => {
    it('makes one with one writing call, finds it by name, and people can join and leave it', async () => {
      const before = writes()
      const group = await making('Blue Team')
      assert.equal(writes(), before + 1)
      assert.deepEqual(
        (await target().findGroups!('Blue Team')).map(({ id }) => id),
        [group.id],
      )
      assert.deepEqual(await target().findGroups!('Red Team'), [])
      const { id } = await create('ada')
      const ref = { kind: 'group', id: group.id } as const
      const held = async () => (await target().get(id))?.entitlements.filter(({ kind }) => kind === 'group')
      await target().changeEntitlements(id, { assign: [ref], revoke: [] })
      assert.deepEqual(await held(), [ref])
      await target().changeEntitlements(id, { assign: [], revoke: [ref] })
      assert.deepEqual(await held(), [])
      assert.ok((await target().catalogue()).some((each) => each.kind === 'group' && each.id === group.id))
    })

    it('tells a name that is taken, with the group that has it, and writes nothing', async () => {
      const group = await making('Blue Team')
      const again = await target().createGroup!('Blue Team')
      assert.deepEqual([again.outcome, again.group?.id], ['exists', group.id])
      assert.equal((await target().findGroups!('Blue Team')).length, 1)
    })

    it(
      'renames with one call and keeps the members',
      unless(groups?.rename, 'renames no groups'),
      async () => {
        const group = await making('Blue Team')
        const { id } = await create('ada')
        await target().changeEntitlements(id, { assign: [{ kind: 'group', id: group.id }], revoke: [] })
        const before = writes()
        const { group: renamed } = await target().renameGroup!(group.id, 'Green Team')
        assert.equal(writes(), before + 1)
        assert.deepEqual(await target().findGroups!('Blue Team'), [])
        assert.deepEqual(
          (await target().findGroups!('Green Team')).map((each) => each.id),
          [renamed.id],
        )
        const held = (await target().get(id))?.entitlements.filter(({ kind }) => kind === 'group')
        assert.deepEqual(held, [{ kind: 'group', id: renamed.id }])
      },
    )

    it(
      'refuses a new name that is taken as a conflict',
      unless(groups?.rename, 'renames no groups'),
      async () => {
        const group = await making('Blue Team')
        await making('Green Team')
        await assert.rejects(target().renameGroup!(group.id, 'Green Team'), { failure: 'conflict' })
      },
    )

    it(
      'removes, and resolves for one that is gone',
      unless(groups?.remove, 'removes no groups'),
      async () => {
        const group = await making('Blue Team')
        await target().removeGroup!(group.id)
        assert.deepEqual(await target().findGroups!('Blue Team'), [])
        await target().removeGroup!(group.id)
      },
    )

    it('leaves a group that is gone without harm', unless(groups?.remove, 'removes no groups'), async () => {
      const group = await making('Blue Team')
      const { id } = await create('ada')
      await target().removeGroup!(group.id)
      const ref = { kind: 'group', id: group.id } as const
      await target().changeEntitlements(id, { assign: [], revoke: [ref] })
      assert.ok(await target().get(id))
      await assert.rejects(target().changeEntitlements(id, { assign: [ref], revoke: [] }), {
        failure: 'invalid',
      })
    })
  })
}
