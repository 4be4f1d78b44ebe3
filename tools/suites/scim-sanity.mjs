import { lastLine, run } from './child.mjs'
import { pythonProgram } from './python.mjs'

const version = '0.7.4'
const outcomes = { pass: 'passed', skip: 'skipped' }

/** A life of Users and Groups, headers and error answers. */
export const scimSanity = {
  name: 'scim-sanity',
  from: 'PyPI: scim-sanity',
  clients: ['auto', 'rfc', 'okta', 'entra'],

  async prepare() {
    const { program, skip } = await pythonProgram({ name: 'scim-sanity', version, command: 'scim-sanity' })
    if (skip) return { skip }
    return {
      version,
      async run({ url, token }) {
        const args = ['probe', url, '--token', token, '--json-output', '--i-accept-side-effects']
        const { stdout, stderr } = await run(program, args)
        try {
          return JSON.parse(stdout).results.map(({ name, status, message }) => ({
            check: name,
            outcome: outcomes[status] ?? 'failed',
            detail: message ?? '',
          }))
        } catch {
          return [{ check: 'run', outcome: 'failed', detail: lastLine(stderr || stdout) }]
        }
      },
    }
  },
}
