import type { FastifyRequest } from 'fastify'
import { invalidValue, ScimError } from '../errors.ts'
import type { Actor, Precondition, VerifiedToken } from '../ports.ts'
import { versionTag } from '../representation.ts'

interface Versioned {
  readonly version: number
}

/** What `If-Match` demands of the state that a write meets; undefined without that header. */
export function preconditionOf({ headers }: FastifyRequest): Precondition | undefined {
  const demanded = headers['if-match']
  return demanded === undefined ? undefined : demandVersion(demanded)
}

/** The same for a version that came another way. */
export function demandVersion(demanded: string): Precondition {
  return (current) => {
    if (namesVersion(demanded, current)) return
    throw new ScimError(412, `The resource is at version ${versionTag(current.version)} now. Read it again.`)
  }
}

/** Whether the client has this state already (`If-None-Match`). */
export function hasAlready({ headers }: FastifyRequest, current: Versioned): boolean {
  const known = headers['if-none-match']
  return known !== undefined && namesVersion(known, current)
}

/** Compared weakly, because SCIM versions are weak tags; clients that drop the `W/` are understood. */
function namesVersion(header: string, current: Versioned): boolean {
  if (header.trim() === '*') return true
  const wanted = opaque(versionTag(current.version))
  return header.split(',').some((tag) => opaque(tag) === wanted)
}

function opaque(tag: string): string {
  return tag
    .trim()
    .replace(/^W\//i, '')
    .replace(/^"(.*)"$/, '$1')
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The directory that the bearer token selected; null before authentication. */
    verifiedToken: VerifiedToken | null
  }
}

/** The authenticated request's directory. */
export function directoryOf(request: FastifyRequest): VerifiedToken {
  if (!request.verifiedToken) throw new Error('a SCIM route ran without authentication')
  return request.verifiedToken
}

export function actorOf(request: FastifyRequest): Actor {
  const directory = directoryOf(request)
  return { directory, actor: `token:${directory.tokenName ?? 'unnamed'}`, requestId: request.id }
}

/** Where clients reach the service provider, without a slash at the end. */
export type BaseUrl = (request: FastifyRequest) => string

/**
 * The configured address. Without one, the address that the client has connected to, never what it wrote into a header: but
 * on this machine by whatever name of it the client used.
 */
export function baseUrlFor(publicUrl: string | undefined, prefix: string): BaseUrl {
  const configured = publicUrl?.replace(/\/+$/, '')
  return (request) => (configured ?? `${request.protocol}://${ownHost(request)}`) + prefix
}

const loopbackName = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i
const loopbackAddress = /^(127\.|::1$|::ffff:127\.)/

function ownHost({ host, socket }: Pick<FastifyRequest, 'host' | 'socket'>): string {
  const { localAddress = '127.0.0.1', localPort } = socket
  if (loopbackAddress.test(localAddress) && loopbackName.test(host)) return host
  const address = localAddress.replace(/^::ffff:/, '')
  if (localPort === undefined) return 'localhost'
  return `${address.includes(':') ? `[${address}]` : address}:${localPort}`
}

/**
 * Deepest nesting of arrays and objects in JSON text, found without parsing it, so that hostile depth costs
 * one walk over the text and no recursion. Brackets inside strings do not count.
 */
export function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === backslash) at++
      else if (code === quote) inString = false
    } else if (code === quote) inString = true
    else if (code === openBrace || code === openBracket) {
      depth++
      if (depth > deepest) deepest = depth
    } else if (code === closeBrace || code === closeBracket) depth--
  }
  return deepest
}

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [
  0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d,
]

/** What a read may ask for, as text; names in any letter case (Entra's own client sends `startindex`). */
export interface ReadParameters {
  readonly filter?: string | undefined
  /** The filter with `+` in its addresses where `filter` has blanks; what either finds is found. */
  readonly filterWithPluses?: string | undefined
  readonly startIndex?: string | undefined
  readonly count?: string | undefined
  readonly sortBy?: string | undefined
  readonly sortOrder?: string | undefined
  /** Empty: the first page. */
  readonly cursor?: string | undefined
  /** Comma-separated; several parameters of the name are joined. */
  readonly attributes?: string | undefined
  readonly excludedAttributes?: string | undefined
}

export interface PageLimits {
  readonly defaultCount: number
  readonly maxCount: number
  /** Seconds that a cursor lives. */
  readonly cursorTimeout: number
}

/** 1-based; never more than `maxCount` (RFC 7644 §3.4.2.4). */
interface PageWindow {
  readonly startIndex: number
  readonly count: number
}

/** Larger indexes mean the same: past the end. */
const lastIndex = 2 ** 31 - 1

const nothing: ReadParameters = Object.freeze({})

/** Unknown parameters are left out: identity providers put flags of their own into the base URL. */
export function readParameters(query: unknown): ReadParameters {
  if (isEmpty(query)) return nothing
  const given = new Map<string, string[]>()
  for (const [name, value] of Object.entries(query ?? {})) {
    const key = name.toLowerCase()
    given.set(key, [...(given.get(key) ?? []), ...[value].flat().map(String)])
  }
  return {
    filter: given.get('filter')?.[0],
    startIndex: given.get('startindex')?.[0],
    count: given.get('count')?.[0],
    sortBy: given.get('sortby')?.[0],
    sortOrder: given.get('sortorder')?.[0],
    cursor: given.get('cursor')?.[0],
    attributes: given.get('attributes')?.join(','),
    excludedAttributes: given.get('excludedattributes')?.join(','),
  }
}

function isEmpty(query: unknown): boolean {
  for (const _ in query as object | undefined) return false
  return true
}

/**
 * The same for a list. A `+` in the address of a request is a blank to those who encode forms, and itself to RFC 3986,
 * so that `userName eq "kim+tag@example.com"` is read in two ways: a client that writes its blanks as `%20` means `+`
 * inside quotes; of any other, an e-mail address is looked for both ways.
 */
export function listParameters({ query, url }: Pick<FastifyRequest, 'query' | 'url'>): ReadParameters {
  const asked = readParameters(query)
  const raw = url.includes('+') ? rawFilter(url) : undefined
  const readings = raw === undefined || asked.filter === undefined ? undefined : plusReadings(raw)
  if (readings === undefined) return asked
  if (/%20/.test(raw ?? '')) return { ...asked, filter: readings.every }
  return readings.addresses === asked.filter ? asked : { ...asked, filterWithPluses: readings.addresses }
}

/** As it stands in the address, not decoded. */
function rawFilter(url: string): string | undefined {
  const parameters = url.slice(url.indexOf('?') + 1).split('&')
  return parameters.find((each) => /^filter=/i.test(each))?.slice('filter='.length)
}

/** A character that is none stands for each `+` until it is known whether it is within quotes. */
const mark = '\uffff'

/** With `+` for itself in every quoted value, and in those only that are e-mail addresses then. */
function plusReadings(raw: string): { readonly every: string; readonly addresses: string } | undefined {
  let text: string
  try {
    text = decodeURIComponent(raw.replaceAll('+', mark))
  } catch {
    return undefined
  }
  // Quoted values and what lies between them.
  const parts = text.match(/"(?:[^"\\]|\\.)*"?|[^"]+/gs) ?? []
  const read = (literal: (part: string) => boolean): string =>
    parts.map((part) => part.replaceAll(mark, part.startsWith('"') && literal(part) ? '+' : ' ')).join('')
  return { every: read(() => true), addresses: read((part) => address.test(part)) }
}

const address = /^"[^\s"@]+@[^\s"@\uffff]+\.[^\s"@.\uffff]+"$/

/** Out-of-range numbers are brought into range; text that is no number is refused. */
export function pageWindow(
  { startIndex, count }: ReadParameters,
  limits: Pick<PageLimits, 'defaultCount' | 'maxCount'>,
): PageWindow {
  return {
    startIndex: Math.min(Math.max(integer('startIndex', startIndex) ?? 1, 1), lastIndex),
    count: Math.min(Math.max(integer('count', count) ?? limits.defaultCount, 0), limits.maxCount),
  }
}

function integer(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined
  if (!/^[+-]?\d{1,15}$/.test(text.trim())) throw invalidValue(`${name} must be an integer`)
  return Number(text)
}
