import type { FastifyInstance } from 'fastify'
import { Refusal } from './access.ts'

const usualLimit = 40
const windowSeconds = 1

/** 40 requests a second on the members index. Every answer tells the window; the refusal is a bare JSON string. */
export function limitMembersIndex(app: FastifyInstance, factor: number): void {
  const isOn = factor > 0
  const limit = usualLimit * (factor || 1)
  let window = 0
  let used = 0

  app.addHook('onRequest', async (request, reply) => {
    const second = Math.floor(Date.now() / 1000)
    if (second !== window) {
      window = second
      used = 0
    }
    const isIndex = /\/members\/($|\?)/.test(request.url)
    if (isIndex) used += 1
    reply.headers({
      'x-sentry-rate-limit-limit': limit,
      'x-sentry-rate-limit-remaining': Math.max(0, limit - used),
      'x-sentry-rate-limit-reset': second + windowSeconds,
      'x-sentry-rate-limit-concurrentlimit': 25,
      'x-sentry-rate-limit-concurrentremaining': 25,
    })
    if (isOn && isIndex && used > limit) throw tooFrequent(limit)
  })
}

function tooFrequent(limit = usualLimit): Refusal {
  const words = `You are attempting to use this endpoint too frequently. Limit is ${limit} requests in ${windowSeconds} seconds`
  return new Refusal(429, words)
}
