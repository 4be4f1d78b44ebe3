import type { AccountOutcome, Provisioning } from '../../src/scim/ports.ts'
import type { DirectoryRef, ResourceBody } from '../../src/model/directory.ts'

/** A Provisioning that says what the test wants to hear and remembers what it was asked. */
export interface ScriptedProvisioning extends Provisioning {
  /** What `run` and `outcomes` answer. */
  accounts: readonly AccountOutcome[]
  objects: (body: ResourceBody) => string | undefined
  /** Called by `run` before it answers. */
  meanwhile: (directory: DirectoryRef, userId: string) => Promise<void> | void
  /** Ids of the users that were run, oldest first. */
  readonly runs: string[]
  wakes: number
  /** Ids of the users whose extension was asked for. */
  readonly extended: string[]
}

export function scriptedProvisioning(): ScriptedProvisioning {
  const runs: string[] = []
  const extended: string[] = []
  return {
    accounts: [],
    objects: () => undefined,
    meanwhile: () => {},
    runs,
    wakes: 0,
    extended,
    objection(_directory, body) {
      const detail = this.objects(body)
      return detail === undefined ? undefined : { kind: 'no-login', detail }
    },
    async run(directory, userId) {
      runs.push(userId)
      await this.meanwhile(directory, userId)
      return this.accounts
    },
    async outcomes() {
      return this.accounts
    },
    async extension(_directory, userIds) {
      extended.push(...userIds)
      return new Map(userIds.map((id) => [id, { connections: [{ value: 'falcon', status: 'proven' }] }]))
    },
    wake() {
      this.wakes++
    },
  }
}
