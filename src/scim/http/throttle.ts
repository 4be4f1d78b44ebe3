import type { FastifyInstance, FastifyReply } from 'fastify'
import { type Budget, createBudget, type Share } from '../budget.ts'
import { busy } from '../errors.ts'
import { directoryOf } from './requests.ts'

export interface RateLimits {
  /** Sustained requests of one token in this process; its directory has twice as many. Twenty seconds' worth may come at once. */
  readonly requestsPerSecond: number
}

/** Seconds' worth of requests, or of bytes, that may come at once. */
const burstSeconds = 20
/** Of bodies, for one token. Entra ID sends 50 KB a second at its fastest. */
const bytesPerSecond = 8 * 1024 * 1024
/** A body that does not say its length counts as so much. */
const unsaidBytes = 1024 * 1024
const mostBuckets = 10_000

interface Bucket {
  /** Negative once it is overdrawn. */
  left: number
  at: number
}

/** Buckets that fill at a rate; `draw` gives the seconds to wait, 0 where there was enough. */
function createBuckets(perSecond: number): (key: string, amount: number, now: number) => number {
  const most = perSecond * burstSeconds
  const buckets = new Map<string, Bucket>()
  return (key, amount, now) => {
    const bucket = buckets.get(key) ?? { left: most, at: now }
    bucket.left = Math.min(most, bucket.left + ((now - bucket.at) / 1_000) * perSecond)
    bucket.at = now
    if (buckets.size >= mostBuckets) buckets.clear()
    buckets.set(key, bucket)
    if (bucket.left < Math.min(amount, most)) {
      return Math.max(1, Math.ceil((Math.min(amount, most) - bucket.left) / perSecond))
    }
    bucket.left -= amount
    return 0
  }
}

/** Refuses with 429 what a token, or its directory, sends beyond its rates: far above what identity providers send. */
export function limitRates(app: FastifyInstance, { requestsPerSecond }: RateLimits): void {
  const ofToken = createBuckets(requestsPerSecond)
  const ofDirectory = createBuckets(2 * requestsPerSecond)
  const bytes = createBuckets(bytesPerSecond)
  app.addHook('onRequest', (request, _reply, done) => {
    const { id, tokenName = '' } = directoryOf(request)
    const now = performance.now()
    const { 'content-length': length, 'transfer-encoding': chunked } = request.headers
    const size = chunked === undefined ? Number(length ?? 0) || 0 : unsaidBytes
    const token = `${id} ${tokenName}`
    const wait = ofToken(token, 1, now) || ofDirectory(id, 1, now) || bytes(token, size, now)
    if (wait === 0) return done()
    done(busy(`This token sends more than it may. Send again in ${wait} s.`, wait))
  })
}

/** Most bytes of one answer that are expected before it is made, and what is expected of one resource. */
const expected = { page: 4 * 1024 * 1024, one: 128 * 1024 }

/** A page of a list; so many resources at most; so many bytes. */
type Expected = 'page' | { readonly atMost: number } | { readonly bytes: number }

function weightOf(what: Expected): number {
  if (what === 'page') return expected.page
  return 'bytes' in what ? what.bytes : Math.min(expected.page, what.atMost * expected.one)
}

/**
 * Answers that are being made or sent, in bytes: a client that asks for much at one time, or reads slowly, does not fill the
 * memory of the process, and leaves room for other directories.
 */
export interface AnswersInFlight {
  /** Waits until there is room for what is expected; it is given back when the answer is out, or its connection is gone. */
  hold(directory: string, reply: FastifyReply, what: Expected): Promise<void>
}

export function boundAnswers(app: FastifyInstance): AnswersInFlight {
  const budget: Budget = createBudget({
    total: 64 * 1024 * 1024,
    perKey: 16 * 1024 * 1024,
    mostWaiting: 256,
    patienceMs: 15_000,
    busy: () => busy('Too many large answers to this directory are under way. Ask for fewer at one time.'),
  })
  const held = new WeakMap<FastifyReply, Share>()
  app.addHook('onSend', (_request, reply, payload, done) => {
    held.get(reply)?.shrink(typeof payload === 'string' ? Buffer.byteLength(payload) : expected.one)
    done(null, payload)
  })
  return {
    async hold(directory, reply, what) {
      const share = await budget.take(directory, weightOf(what))
      held.set(reply, share)
      reply.raw.once('close', share.release)
      reply.raw.once('finish', share.release)
      if (reply.raw.destroyed) share.release()
    },
  }
}
