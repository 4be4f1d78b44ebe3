import type { ScimError } from '../errors.ts'
import type { Actor, Precondition } from '../ports.ts'
import { versionTag } from '../representation.ts'
import { locationOf, type Writes } from '../resources.ts'
import type { BulkRequest } from './message.ts'
import {
  begin,
  circleFrom,
  complete,
  type BulkContext,
  nextStep,
  perform,
  type Rest,
  type Step,
  stepsOf,
  unresolved,
  type Written,
} from './operation.ts'

interface BulkPorts {
  readonly types: readonly Writes[]
  readonly demand: (version: string) => Precondition
  /** Of the service provider, without a slash at the end. */
  readonly baseUrl: string
  /** What an operation is refused with, whatever was thrown; `storeDown`: so will be every other. */
  readonly refusal: (error: unknown) => { readonly error: ScimError; readonly storeDown: boolean }
}

/** How one operation ended. */
export interface BulkOutcome {
  readonly step: Step
  readonly status: number
  readonly location?: string | undefined
  readonly version?: string | undefined
  readonly error?: ScimError
}

interface BulkRun {
  /** In the order of the request; what was not done any more because of `failOnErrors` is left out. */
  readonly outcomes: readonly BulkOutcome[]
  /** Says of every create whether the answer got out. */
  acknowledge(sent: boolean): Promise<void>
}

interface Run extends BulkContext {
  readonly ports: BulkPorts
  readonly open: Set<Step>
  /** Creates of a circle that were begun, with what they lack. */
  readonly begun: Map<Step, Rest>
  readonly outcomes: Map<Step, BulkOutcome>
}

/**
 * Does the operations one after the other in the order of the request. Only what refers to a later create waits for it,
 * and with it what writes the same resource afterwards (RFC 7644 §3.7).
 */
export async function runBulk(actor: Actor, request: BulkRequest, ports: BulkPorts): Promise<BulkRun> {
  const steps = stepsOf(request.operations, ports.types)
  const run: Run = {
    actor,
    steps,
    demand: ports.demand,
    ports,
    open: new Set(steps.all),
    begun: new Map(),
    outcomes: new Map(),
  }
  let failures = 0
  while (run.open.size > 0 && failures < request.failOnErrors) {
    if (!(await turn(run))) failures += 1
  }
  for (const step of run.begun.keys()) {
    if (!step.done) fail(run, step, unresolved('It was created, but not what it refers to'))
  }
  return {
    outcomes: steps.all.flatMap((step) => run.outcomes.get(step) ?? []),
    acknowledge: (sent) => acknowledge(run, sent),
  }
}

/** Takes one step further; false when an operation failed. */
async function turn(run: Run): Promise<boolean> {
  const step = nextStep(run.open)
  if (!step) return breakCircle(run)
  const rest = run.begun.get(step)
  return attempt(run, step, async () => {
    const written = rest ? await complete(run, step, rest) : await perform(run, step)
    succeed(run, step, written)
  })
}

/** A circle is opened at its first create that can be without its references for a moment (RFC 7644 §3.7.1). */
async function breakCircle(run: Run): Promise<boolean> {
  const circle = circleFrom(run.open, run.steps)
  for (const step of circle) {
    const began = await attempt(run, step, async () => {
      const rest = await begin(run, step)
      if (rest) run.begun.set(step, rest)
    })
    if (!began || run.begun.has(step)) return began
  }
  const [first] = circle.length > 0 ? circle : run.open
  if (first) fail(run, first, unresolved('Its references lead in a circle that cannot be resolved'))
  return false
}

async function attempt(run: Run, step: Step, act: () => Promise<void>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (thrown) {
    const { error, storeDown } = run.ports.refusal(thrown)
    fail(run, step, error)
    // Nobody is to wait through a thousand time-outs.
    if (storeDown) for (const each of run.open) fail(run, each, error)
    return false
  }
}

function succeed(run: Run, step: Step, written: Written): void {
  const { method } = step.operation
  end(run, {
    step,
    status: method === 'POST' ? 201 : written ? 200 : 204,
    location: addressOf(run, step),
    version: written && versionTag(written.version),
  })
}

/** A create that was begun has an address although it failed. */
function fail(run: Run, step: Step, error: ScimError): void {
  end(run, { step, status: error.status, location: addressOf(run, step), error })
}

function end(run: Run, outcome: BulkOutcome): void {
  outcome.step.done = true
  run.open.delete(outcome.step)
  run.outcomes.set(outcome.step, outcome)
}

function addressOf({ ports }: Run, { type, id }: Step): string | undefined {
  return type && id !== undefined ? locationOf(type.model, id, ports.baseUrl) : undefined
}

/** A create that failed after it was begun is not acknowledged: sent again, it is applied as PUT. */
async function acknowledge({ steps, outcomes, actor }: Run, sent: boolean): Promise<void> {
  const created = steps.all.flatMap((step) => {
    const { type, id, operation } = step
    return type && id !== undefined && operation.method === 'POST' ? [{ type, id, step }] : []
  })
  await Promise.all(
    created.map(({ type, id, step }) =>
      type.acknowledge(actor.directory, id, sent && outcomes.get(step)?.error === undefined),
    ),
  )
}
