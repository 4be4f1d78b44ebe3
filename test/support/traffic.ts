import { randomBytes, randomUUID } from 'node:crypto'
import type { ClientProfile } from '../../src/model/directory.ts'

/** Recorded requests of identity providers with what they need for an answer; conventions are in the fixture itself. */
export interface Traffic {
  readonly headerProfiles: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly sequences: readonly Sequence[]
}

export interface Sequence {
  readonly id: string
  readonly client: ClientProfile
  readonly title: string
  readonly headers: string
  readonly steps: readonly Step[]
}

export interface Step {
  readonly id: string
  readonly title: string
  readonly level: string
  /** Passes only with this client profile. */
  readonly profile?: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly query?: Readonly<Record<string, string>>
    readonly auth?: 'none' | 'bad'
    readonly body?: unknown
  }
  readonly expect: {
    readonly status: readonly number[]
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: readonly Assertion[] | ''
    readonly bodyRequired?: boolean
  }
  readonly capture?: Readonly<Record<string, string>>
}

interface Assertion {
  readonly ptr: string
  readonly op: keyof typeof holds
  readonly value?: unknown
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

export type Send = (
  method: string,
  url: string,
  headers: Record<string, string>,
  body: string | undefined,
) => Promise<Reply>

export interface StepReport {
  readonly step: Step
  /** What differs from the expectation; empty: passed. */
  readonly problems: readonly string[]
}

type Variables = Record<string, unknown>

/** Replays one sequence, in order: later steps use what earlier ones captured. */
export async function replay(
  traffic: Traffic,
  sequence: Sequence,
  token: string,
  send: Send,
): Promise<readonly StepReport[]> {
  const variables: Variables = { token, rand: randomBytes(5).toString('hex'), guid: randomUUID() }
  const reports: StepReport[] = []
  for (const recorded of sequence.steps) {
    const step = fill(recorded, variables)
    const headers = headersOf(fill(traffic.headerProfiles[sequence.headers] ?? {}, variables), step)
    const { method, path, query = {}, body } = step.request
    const search = String(new URLSearchParams(query)).replaceAll('+', '%20')
    const sent = body === undefined ? undefined : JSON.stringify(body)
    const reply = await send(method, search ? `${path}?${search}` : path, headers, sent)
    reports.push({ step, problems: problemsOf(step, reply) })
    for (const [name, pointer] of Object.entries(step.capture ?? {})) {
      const value = reply.text ? at(JSON.parse(reply.text), pointer) : undefined
      if (value !== undefined) variables[name] = value
    }
  }
  return reports
}

function headersOf(profile: Readonly<Record<string, string>>, { request }: Step): Record<string, string> {
  const headers = Object.fromEntries(
    Object.entries(profile).map(([name, value]) => [name.toLowerCase(), value]),
  )
  if (request.body === undefined && request.method !== 'GET') delete headers['content-type']
  if (request.auth === 'none') delete headers['authorization']
  if (request.auth === 'bad') headers['authorization'] = 'Bearer not-a-token'
  return headers
}

function problemsOf({ expect }: Step, { status, headers, text }: Reply): readonly string[] {
  if (!expect.status.includes(status))
    return [`status ${status}, not ${expect.status.join(' or ')}: ${text.slice(0, 200)}`]
  const problems: string[] = []
  for (const [name, pattern] of Object.entries(expect.headers ?? {})) {
    if (!new RegExp(pattern).test(String(headers[name] ?? '')))
      problems.push(`header ${name}: ${String(headers[name])}`)
  }
  if (expect.bodyRequired === true && !text) problems.push('no body')
  if (expect.bodyRequired === false && text) problems.push('a body')
  if (!text) return problems
  const json: unknown = JSON.parse(text)
  for (const { ptr, op, value } of expect.body || []) {
    const found = at(json, ptr)
    if (!holds[op](found, value))
      problems.push(`${ptr} ${op} ${JSON.stringify(value) ?? ''}: ${JSON.stringify(found) ?? 'nothing'}`)
  }
  return problems
}

const listed = (found: unknown): readonly unknown[] => (Array.isArray(found) ? found : [])
const missing = (found: unknown): boolean => found === undefined || found === null

function contains(element: unknown, wanted: unknown): boolean {
  const members = element as Variables
  return Object.entries(wanted as Variables).every(([name, value]) => members[name] === value)
}

const holds = {
  eq: (found: unknown, value: unknown) => found === value,
  gte: (found: unknown, value: unknown) => Number(found) >= Number(value),
  type: (found: unknown, value: unknown) => typeof found === value,
  exists: (found: unknown) => !missing(found) && found !== '',
  absent: missing,
  emptyOrAbsent: (found: unknown) => missing(found) || (Array.isArray(found) && found.length === 0),
  length: (found: unknown, value: unknown) => listed(found).length === value,
  includes: (found: unknown, value: unknown) => listed(found).includes(value),
  some: (found: unknown, value: unknown) => listed(found).some((element) => contains(element, value)),
  none: (found: unknown, value: unknown) => !listed(found).some((element) => contains(element, value)),
} as const

/** RFC 6901; own properties only. */
function at(json: unknown, pointer: string): unknown {
  let found = json
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as Variables)[name]
  }
  return found
}

/** Puts the variables into every string, object keys included. */
function fill<T>(value: T, variables: Variables): T {
  const text = JSON.stringify(value).replace(/\{\{(\w+)\}\}/g, (whole, name: string) =>
    name in variables ? JSON.stringify(String(variables[name])).slice(1, -1) : whole,
  )
  return JSON.parse(text) as T
}
