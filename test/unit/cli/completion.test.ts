import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { run } from '../../../src/app/program.ts'

async function scriptFor(shell: string): Promise<string> {
  let out = ''
  const stdout = { write: (text: string) => (out += text) }
  const stderr = { write: (text: string) => assert.fail(text) }
  assert.equal(await run(['completion', shell], { env: {}, stdout, stderr }), 0)
  return out
}

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0

/** What stands on the line, the last word unfinished, and what may stand there. */
const lines: readonly (readonly [line: readonly string[], offered: readonly string[]])[] = [
  [['conn'], ['connection']],
  [
    ['connection', 'cr'],
    ['create', 'credentials'],
  ],
  [['token', 'rotate', '--o'], ['--overlap']],
  [
    ['audit', 'export', '--format', ''],
    ['ndjson', 'csv'],
  ],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish', '--help'],
  ],
  [['connection', 'credentials', 'falcon', '--f'], ['--force']],
  [['serve', '--config', ''], []],
]

describe('drawbridge completion', () => {
  it('completes commands, options, and what these may be, in bash', async (t) => {
    if (!has('bash')) return t.skip('there is no bash here')
    const script = await scriptFor('bash')
    const asked = lines.map(
      ([line]) =>
        `COMP_WORDS=(drawbridge ${line.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${line.length}; COMPREPLY=(); _drawbridge; echo "\${COMPREPLY[*]}"`,
    )
    const { stdout, stderr } = spawnSync('bash', ['-c', [script, ...asked].join('\n')], { encoding: 'utf8' })
    assert.equal(stderr, '')
    assert.deepEqual(
      stdout.split('\n').slice(0, -1),
      lines.map(([, offered]) => offered.join(' ')),
    )
  })

  for (const shell of ['zsh', 'fish']) {
    it(`is a script that ${shell} can read`, async (t) => {
      const script = await scriptFor(shell)
      assert.match(script, shell === 'zsh' ? /^#compdef drawbridge\n/ : /-l format -x -a 'ndjson csv'/)
      if (!has(shell)) return t.diagnostic(`there is no ${shell} here: only looked at`)
      assert.equal(spawnSync(shell, ['-n'], { input: script }).status, 0)
    })
  }
})
