import { lastLine, run } from './child.mjs'
import { pythonProgram } from './python.mjs'
import { plain } from './results.mjs'

const cli = '0.6.0'
const tester = '0.5.2'

/** Every attribute of every resource type, by each kind of write and read. */
export const scim2Tester = {
  name: 'scim2-tester',
  from: 'PyPI: scim2-cli',
  clients: ['auto', 'rfc', 'okta', 'entra'],

  async prepare() {
    const also = [`scim2-tester==${tester}`]
    const { program, skip } = await pythonProgram({ name: 'scim2-cli', version: cli, also, command: 'scim2' })
    if (skip) return { skip }
    return {
      version: `${tester} (scim2-cli ${cli})`,
      async run({ url, token }) {
        const env = { SCIM_CLI_HEADERS: `Authorization: Bearer ${token}`, NO_COLOR: '1' }
        const { stdout, stderr } = await run(program, ['--url', url, 'test'], { env })
        const checks = parse(stdout)
        const broken = { check: 'run', outcome: 'failed', detail: lastLine(stderr || stdout) }
        return checks.length > 0 ? checks : [broken]
      },
    }
  },
}

const outcomes = {
  SUCCESS: 'passed',
  COMPLIANT: 'passed',
  ACCEPTABLE: 'passed',
  DEVIATION: 'failed',
  ERROR: 'failed',
  CRITICAL: 'failed',
  SKIPPED: 'skipped',
}

/** A line with the outcome and the check's name, then its reason, indented. */
function parse(text) {
  const checks = []
  for (const line of text.split('\n')) {
    const [, word, check] = /^([A-Z]+) (\w+)$/.exec(line) ?? []
    if (outcomes[word]) checks.push({ check, outcome: outcomes[word], detail: '' })
    else if (checks.length > 0 && line.trim() !== '') {
      const last = checks.at(-1)
      last.detail = plain(`${last.detail} ${line.trim()}`.trim())
    }
  }
  return checks
}
