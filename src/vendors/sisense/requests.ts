import type { TSchema } from 'typebox'
import type { Authenticator } from '../kit/auth.ts'
import type { Classifier } from '../kit/classify.ts'
import type { Call, Requester } from '../kit/http.ts'
import type { Kit } from '../kit/kit.ts'
import { createPacing } from '../kit/pacing.ts'
import { createRequester } from '../kit/requester.ts'
import { classifiers, describeRefusal, wait } from './errors.ts'
import type { Pace, SisenseCredentials, SisenseSettings } from './settings.ts'

/** The same calls; refusals are read by what was asked. */
export interface Requests {
  readonly list: Requester
  readonly user: Requester
  readonly create: Requester
  readonly change: Requester
  /** Of the work under way, as its calls are served. */
  readonly urgency: () => number
  /** While the call runs, the secret that it carries cannot show in its refusal. */
  hiding<T>(secret: string | undefined, call: () => Promise<T>): Promise<T>
}

/** What every call of user management needs. */
export const needs = 'the Admin role'

export function createRequests(
  { baseUrl }: SisenseSettings,
  credentials: SisenseCredentials,
  { atOnce, limits }: Pace,
  auth: Authenticator,
  kit: Kit,
): Requests {
  const hidden = new Set<string>()
  const secretive = { ...auth, secrets: () => [...auth.secrets(), ...hidden] }
  const options = {
    vendor: 'sisense',
    baseUrl: `${baseUrl}/`,
    auth: secretive,
    describe: describeRefusal,
    wait,
    limits: () => limits,
    redact: Object.values(credentials).filter((each) => each !== undefined),
  }
  const admit = atMost(atOnce)
  // One pace for all four, also where nobody lends one.
  const pacing = kit.pacing ?? createPacing()
  const paced = { ...kit, pacing }
  const requester = (classify: Classifier) => limited(createRequester({ ...options, classify }, paced), admit)
  return {
    list: requester(classifiers.list),
    user: requester(classifiers.user),
    create: requester(classifiers.create),
    change: requester(classifiers.change),
    urgency: () => pacing.priority(),
    async hiding(secret, call) {
      if (secret === undefined) return call()
      hidden.add(secret)
      return call().finally(() => hidden.delete(secret))
    },
  }
}

type Admit = <T>(act: () => Promise<T>) => Promise<T>

/** Runs at most so many at a time; the others wait in the order in which they came. */
function atMost(count: number): Admit {
  const waiting: (() => void)[] = []
  let running = 0
  return async (act) => {
    if (running >= count) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await act()
    } finally {
      // The place goes to the next in line, or is free.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}

function limited(send: Requester, admit: Admit): Requester {
  const calls = (call: Call, schema?: TSchema) => admit(() => (schema ? send(call, schema) : send(call)))
  // One function cannot show both call signatures to the compiler.
  return Object.assign(calls as () => Promise<never>, { vendor: send.vendor })
}
