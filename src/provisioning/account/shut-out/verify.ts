import { holds } from '../../../translators/leaving/holds.ts'
import type { Account } from '../../../vendors/contract.ts'
import { refresh } from '../execute.ts'
import { failureOf, iso, keep, learn, proven, unlink, type Ending, type Run } from '../run.ts'
import { findByLogin, inheritedPart } from './shut-out.ts'

/** Reads where a write was believed although reads lag: at 5, 15, 45 s and after the lag. */
export async function verify(run: Run): Promise<Ending> {
  const { can, name } = run.connection
  const pending = run.work.verification!
  const account = await readNow(run)
  const elapsed = run.by.now() - Date.parse(pending.since)
  const lag = can.readLagMs ?? 0
  if (elapsed < lag) {
    const next = [5_000, 15_000, 45_000].map((ms) => Math.min(ms, lag)).find((ms) => ms > elapsed) ?? lag
    return {
      status: 'verifying',
      failure: null,
      attempts: 0,
      verification: { ...pending, reads: pending.reads + 1 },
      dueInMs: next - elapsed,
    }
  }
  if (holds(pending.step, account, can)) {
    await (account ? keep(run, account, []) : learn(run, unlink))
    return proven()
  }
  run.log.error({ step: pending.step }, 'shut-out taken back: the vendor still shows access')
  const detail = `${name} confirmed ${pending.step}, yet its reads still show access${inheritedPart(account)}.`
  return {
    status: 'pending',
    failure: failureOf(run, 'no-step', detail),
    attempts: run.work.attempts,
    verification: { ...pending, mismatches: [...(pending.mismatches ?? []), iso(run.by.now())] },
    dueInMs: 0,
  }
}

async function readNow(run: Run): Promise<Account | undefined> {
  const account = run.link === undefined ? undefined : await refresh(run, 'access')
  return account ?? findByLogin(run)
}
