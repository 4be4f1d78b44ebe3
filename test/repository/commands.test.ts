import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Command } from 'commander'
import { createOutput } from '../../src/cli/output.ts'
import { createProgram } from '../../src/app/program.ts'
import { areas, entriesOf } from '../../src/dictionary/dictionary.ts'
import { templates } from '../../src/operations/notices/letter.ts'
import type { Notice } from '../../src/operations/notices/store.ts'
import { files, read } from './repository.ts'

const nowhere = { env: {}, stdout: { write() {} }, stderr: { write() {} } }
const program = createProgram({
  io: nowhere,
  output: createOutput(nowhere),
  finish() {},
  openOffline: () => Promise.reject(new Error('no store')),
})

/** Words of a command line as a shell splits it, up to where another command, a comment or a redirection begins. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/"[^"]*"|'[^']*'|(?:<[^>]+>|\[[^\]]+\]|[^\s<])+|<[^>]+>/g) ?? []
  const end = words.findIndex((word) => /^([#|>;]|&&|2>|\\$)/.test(word))
  return end < 0 ? words : words.slice(0, end)
}

/** What is wrong with a command line without its program's name; undefined: nothing. */
function faultOf(line: string): string | undefined {
  const words = [...wordsOf(line)]
  let command: Command = program
  while (words.length > 0) {
    const next = command.commands.find((each) => each.name() === words[0])
    if (!next) break
    command = next
    words.shift()
  }
  if (command === program)
    return words[0] === undefined || words[0].startsWith('-') ? undefined : 'no such command'
  // Spoken of as a whole: "account" stands for all of its commands.
  if (command.commands.length > 0)
    return words.length === 0 ? undefined : `no such command of ${command.name()}`
  const operands: string[] = []
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!word.startsWith('--')) {
      operands.push(word)
      continue
    }
    const [name = '', value] = word.split('=')
    const option = command.options.find(({ long }) => long === name)
    if (!option && name !== '--help') return `no option ${name}`
    if (option?.required && value === undefined && words.shift() === undefined)
      return `${name} without its value`
  }
  const { registeredArguments: taken } = command
  const most = taken.some(({ variadic }) => variadic) ? Infinity : taken.length
  return operands.length > most ? `takes ${taken.length} operands` : undefined
}

const prose = files('*.md', 'docs/**/*.md', 'docker/*.md', 'src/**/*.md').filter(
  (path) => !/^(CHANGELOG\.md|docs\/(command-line|requirements|scim-conformance)\.md)$/.test(path),
)

/** Every command line that a text shows: in fences by lines, in code by spans; with what stands for a checkout. */
function shown(text: string): readonly string[] {
  const fenced = [...text.matchAll(/^ *```(?:sh|text)?\n([^]*?)^ *```$/gm)].flatMap(([, block]) =>
    block!.split('\n'),
  )
  const spans = [...text.replaceAll(/^ *```[^]*?^ *```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, span]) => span!,
  )
  return [...fenced, ...spans].flatMap((line) => {
    const [, command] = /^\s*(?:\w+=\S+ )*(?:npm run drawbridge --|drawbridge) (.+)$/.exec(line) ?? []
    return command === undefined || /^<command>|…/.test(command) ? [] : [command]
  })
}

describe('commands that the documents show', () => {
  const all = prose.flatMap((path) => shown(read(path)).map((line) => [path, line] as const))

  it('are many', () => assert.ok(all.length > 60, String(all.length)))

  it('are commands of this release, with options that it has', () => {
    assert.deepEqual(
      all.flatMap(([path, line]) => {
        const fault = faultOf(line)
        return fault === undefined ? [] : [`${path}: drawbridge ${line}: ${fault}`]
      }),
      [],
    )
  })

  it('so are those of the error dictionary', () => {
    const entries = areas
      .flatMap(entriesOf)
      .flatMap(({ anchor, means, todo }) => shown(`${means} ${todo}`).map((line) => [anchor, line] as const))
    assert.ok(entries.length > 20)
    assert.deepEqual(
      entries.flatMap(([anchor, line]) => faultOf(line)?.concat(` (${anchor})`) ?? []),
      [],
    )
  })

  it('so are those of notices by e-mail', () => {
    const subjects = ['import', 'plans', 'admission', 'account']
    const lines = Object.values(templates).flatMap(({ commands }) =>
      subjects.flatMap((subject) => commands('corp/falcon', { subject } as Notice)),
    )
    assert.ok(lines.length > 20)
    assert.deepEqual(
      lines.flatMap((line) => faultOf(line.replace(/^drawbridge /, ''))?.concat(`: ${line}`) ?? []),
      [],
    )
  })

  it('the check itself refuses what there is not', () => {
    for (const line of [
      'nonsense',
      'account nonsense',
      'plan falcon --nonsense',
      'plan a b',
      'approve a --batch',
    ])
      assert.notEqual(faultOf(line), undefined, line)
    for (const line of [
      'plan falcon --now',
      'account decide falcon 4711 link --user 1',
      'status | cat',
      '--help',
    ])
      assert.equal(faultOf(line), undefined, line)
  })
})
