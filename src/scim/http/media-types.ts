import type { FastifyInstance, FastifyRequest } from 'fastify'
import { invalidSyntax, quoted, ScimError } from '../errors.ts'
import { depthOf } from './requests.ts'

const scimJson = 'application/scim+json'
const json = 'application/json'

export interface BodyLimits {
  readonly bodyBytes: number
  /** Deepest nesting of arrays and objects. */
  readonly depth: number
}

/**
 * Reads bodies of both JSON media types (RFC 7644 §3.1), whatever their parameters and letter case, and writes
 * answers in the one that the client wants. Keys that would reach a prototype are dropped.
 */
export function speakScimJson(app: FastifyInstance, { bodyBytes, depth }: BodyLimits): void {
  const parse = app.getDefaultJsonParser('remove', 'remove')
  app.removeAllContentTypeParsers()
  // One parser for every media type: an empty body is harmless whatever it is labelled as (Okta labels each GET,
  // some clients each DELETE), and the refusal of other types is ours to word.
  app.addContentTypeParser<string>(
    '*',
    { parseAs: 'string', bodyLimit: bodyBytes },
    (request, text, done) => {
      if (text === '') return done(null, undefined)
      const encoding = request.headers['content-encoding']?.trim() ?? ''
      if (encoding !== '' && encoding.toLowerCase() !== 'identity') return done(encoded(encoding))
      const type = mediaTypeOf(request.headers['content-type'])
      if (type !== scimJson && type !== json) {
        return done(new ScimError(415, `Bodies must be ${scimJson} or ${json}`))
      }
      if (depthOf(text) > depth) return done(invalidSyntax(`The body is nested deeper than ${depth} levels`))
      parse(request, text, (error, body) =>
        error ? done(invalidSyntax('The body is not valid JSON')) : done(null, body),
      )
    },
  )
  app.addHook('onSend', (request, reply, payload, done) => {
    // Without a charset: JSON has none, and some clients compare the whole value.
    if (payload) reply.header('content-type', answerTypeFor(request))
    done(null, payload)
  })
}

/** RFC 7694 §3: `Accept-Encoding` says what would be taken. */
function encoded(encoding: string): ScimError {
  return new ScimError(
    415,
    `Bodies cannot be compressed, and this one is: ${quoted(encoding)}. Send it without Content-Encoding.`,
    { headers: { 'accept-encoding': 'identity' } },
  )
}

/** `application/json` only for clients whose `Accept` rules everything else out. */
function answerTypeFor({ headers }: FastifyRequest): string {
  if (headers.accept === undefined || headers.accept === scimJson) return scimJson
  const accepted = (headers.accept ?? '').split(',').map(mediaTypeOf)
  const others = [scimJson, 'application/*', '*/*']
  return accepted.includes(json) && !others.some((type) => accepted.includes(type)) ? json : scimJson
}

function mediaTypeOf(value: string | undefined): string {
  return (value ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}
