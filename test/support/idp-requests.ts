import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { ClientProfile } from '../../src/model/directory.ts'

/** Requests of an identity provider in order; see `about` in the fixture. */
export interface RequestCase {
  readonly id: string
  readonly clients: readonly ClientProfile[]
  /** Vendors that the case needs. */
  readonly connections?: string
  readonly steps: readonly RequestStep[]
}

interface RequestStep {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly gzip?: boolean
  readonly expectStatus: readonly number[]
  readonly expectHeaders?: Readonly<Record<string, string>>
  readonly checks?: readonly Check[]
  /** JSON pointers into the answer, by the name under which later steps use the value. */
  readonly capture?: Readonly<Record<string, string>>
}

interface Check {
  readonly ptr: string
  readonly op: 'eq' | 'ne' | 'present' | 'absent'
  readonly value?: unknown
}

export interface SentRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer | undefined
}

export interface RequestReply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

const fixture = new URL('../fixtures/idp-requests.json', import.meta.url)

export const requestCases: readonly RequestCase[] = (
  JSON.parse(readFileSync(fixture, 'utf8')) as { readonly cases: readonly RequestCase[] }
).cases

/** Sends the steps one after the other; gives what was not as expected, in words. */
export async function runRequests(
  { steps }: RequestCase,
  send: (request: SentRequest) => Promise<RequestReply>,
): Promise<readonly string[]> {
  const captured = new Map<string, string>()
  const filled = (text: string) =>
    text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => captured.get(name) ?? '')
  const problems: string[] = []
  for (const [at, step] of steps.entries()) {
    const text = step.body === undefined ? undefined : filled(JSON.stringify(step.body))
    const reply = await send({
      method: step.method,
      path: filled(step.path),
      headers: { ...(text !== undefined && { 'content-type': 'application/scim+json' }), ...step.headers },
      body: step.gzip && text !== undefined ? gzipSync(text) : text,
    })
    const problem = (words: string) =>
      problems.push(`step ${at + 1}, ${step.method} ${step.path}: ${words} (${reply.status} ${reply.text})`)
    if (!step.expectStatus.includes(reply.status)) problem(`not ${step.expectStatus.join(' or ')}`)
    for (const [name, value] of Object.entries(step.expectHeaders ?? {})) {
      if (!new RegExp(filled(value)).test(String(reply.headers[name] ?? '')))
        problem(`${name} is not ${value}`)
    }
    const json: unknown = reply.text === '' ? undefined : JSON.parse(reply.text)
    for (const [name, ptr] of Object.entries(step.capture ?? {}))
      captured.set(name, String(valueAt(json, ptr)))
    for (const { ptr, op, value } of step.checks ?? []) {
      const found = valueAt(json, ptr)
      const wanted = typeof value === 'string' ? filled(value) : value
      if (!holds(op, found, wanted))
        problem(`${ptr} is ${JSON.stringify(found)}, not ${op} ${JSON.stringify(wanted)}`)
    }
  }
  return problems
}

function holds(op: Check['op'], found: unknown, wanted: unknown): boolean {
  if (op === 'present') return found !== undefined
  if (op === 'absent') return found === undefined
  return (JSON.stringify(found) === JSON.stringify(wanted)) === (op === 'eq')
}

function valueAt(json: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], json)
}
