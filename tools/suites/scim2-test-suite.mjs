import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lastLine, run } from './child.mjs'

const program = process.env.SCIM2_TEST_SUITE
const version = process.env.SCIM2_TEST_SUITE_VERSION ?? 'unknown version'
const outcomes = { PASS: 'passed', SKIP: 'skipped', FAIL: 'failed', WARN: 'failed' }

/** Requirements of RFC 7643 and RFC 7644 one by one. A program that somebody has built: the runner builds none. */
export const scim2TestSuite = {
  name: 'scim2-test-suite',
  from: 'a built test program of github.com/scim2/test-suite, named by SCIM2_TEST_SUITE',
  clients: ['rfc', 'auto', 'okta', 'entra'],
  testResource: true,

  async prepare() {
    if (!program) return { skip: 'SCIM2_TEST_SUITE does not name its test program' }
    if (!existsSync(program)) return { skip: `${program} does not exist` }
    return {
      version,
      async run({ url, token }) {
        const cwd = mkdtempSync(join(tmpdir(), 'drawbridge-suite-'))
        const args = ['-test.v', '-test.count=1', `-scim.url=${url}`, `-scim.token=${token}`]
        const { stdout, stderr } = await run(program, [...args, '-scim.report=report.txt'], { cwd })
        rmSync(cwd, { recursive: true, force: true })
        const checks = parse(stdout)
        const broken = { check: 'run', outcome: 'failed', detail: lastLine(stderr || stdout) }
        return checks.length > 0 ? checks : [broken]
      },
    }
  },
}

/** A line with the outcome and the requirement, then what was found, indented further. */
function parse(text) {
  const checks = []
  for (const line of text.split('\n')) {
    const [, word, check] = /^ {2}\[(PASS|FAIL|WARN|SKIP)\] (\S+)$/.exec(line) ?? []
    if (word) checks.push({ check, outcome: outcomes[word], detail: '' })
    else if (checks.length > 0 && /^ {9}\S/.test(line)) {
      const last = checks.at(-1)
      last.detail = `${last.detail} ${line.trim()}`.trim()
    }
  }
  return checks
}
