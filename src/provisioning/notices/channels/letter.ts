import { explainedBy } from '../../../errors.ts'
import type { Notice, NoticeKind } from '../ports.ts'
import { templates } from './templates.ts'

export interface Letter {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Told in full; of the others only how many there are. */
const mostTold = 20
const mostCommands = 12
const longestText = 600

/** The e-mail about notices of one kind: what happened, since when, how often, what to do, what to run. */
export function letterOf(kind: NoticeKind, notices: readonly Notice[]): Letter {
  const { one, many, advice } = templates[kind]
  const headline = notices.length === 1 ? one : many(notices.length)
  const places = [...new Set(notices.map(placeOf))]
  const where = places.length === 1 ? places[0]! : `${places.length} connections`
  const told = notices.slice(0, mostTold)
  const commands = commandsFor(kind, told)
  const rest = notices.length - told.length
  const more = rest === 0 ? [] : [`and ${rest} more; see: drawbridge notices`]
  const facts = told.map((notice) => ({
    head: `${placeOf(notice)}, ${sinceOf(notice)}`,
    text: plain(notice.text),
  }))
  return {
    subject: `Drawbridge: ${headline} (${where})`,
    text: lines([
      `${headline}.`,
      '',
      ...facts.flatMap(({ head, text }) => [`* ${head}`, `  ${text}`, '']),
      ...more.flatMap((line) => [line, '']),
      'What to do',
      advice,
      '',
      'Commands',
      ...commands.map((command) => `  ${command}`),
      '',
      foot,
    ]),
    html: page(headline, facts, more, advice, commands),
  }
}

const foot = 'This is sent once while the cause lasts. All that is open: drawbridge notices'

const lines = (all: readonly string[]): string => `${all.join('\n')}\n`

function page(
  headline: string,
  facts: readonly { readonly head: string; readonly text: string }[],
  more: readonly string[],
  advice: string,
  commands: readonly string[],
): string {
  return lines([
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head>',
    '<body style="font-family: sans-serif; max-width: 40em">',
    `<h1 style="font-size: 1.2em">${escaped(headline)}</h1>`,
    '<ul>',
    ...facts.map(({ head, text }) => `<li><strong>${escaped(head)}</strong><br>${escaped(text)}</li>`),
    '</ul>',
    ...more.map((line) => `<p>${escaped(line)}</p>`),
    `<h2 style="font-size: 1em">What to do</h2><p>${escaped(advice)}</p>`,
    `<h2 style="font-size: 1em">Commands</h2><pre>${escaped(commands.join('\n'))}</pre>`,
    `<p><small>${escaped(foot)}</small></p>`,
    '</body></html>',
  ])
}

function commandsFor(kind: NoticeKind, notices: readonly Notice[]): readonly string[] {
  const all = new Set(notices.flatMap((notice) => templates[kind].commands(operandOf(notice), notice)))
  return [...[...all].slice(0, mostCommands), explainedBy('notice', kind)]
}

function placeOf({ directory, connection }: Notice): string {
  return plain([directory, connection].filter((name) => name !== undefined).join('/') || 'the gateway')
}

/** A name that a shell could read otherwise is not offered to be pasted into one. */
function operandOf({ directory, connection }: Notice): string {
  const path = [directory, connection].filter((name) => name !== undefined).join('/')
  return /^[A-Za-z0-9._/-]+$/.test(path) ? path : '<connection>'
}

function sinceOf({ firstAt, lastAt, count }: Notice): string {
  const since = `since ${minute(firstAt)}`
  return count > 1 ? `${since}, ${count} times, last ${minute(lastAt)}` : since
}

const minute = (instant: string): string => `${instant.slice(0, 16).replace('T', ' ')} UTC`

/**
 * Words from outside as one line of printable text: no line of theirs can pass for one of ours or for a header, and no mark
 * of writing direction can turn a line around.
 */
function plain(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return line.length > longestText ? `${line.slice(0, longestText)}…` : line
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!)
}
