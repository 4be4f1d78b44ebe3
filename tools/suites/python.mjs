import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lastLine, run } from './child.mjs'

const cache = fileURLToPath(new URL('../../node_modules/.cache/suites/', import.meta.url))
const windows = process.platform === 'win32'

/**
 * Installs a package of PyPI into a virtual environment of its own, once per version: `{ program }`, the path of one
 * of its commands, or `{ skip }`, why there is none.
 */
export async function pythonProgram({ name, version, also = [], command }) {
  const home = join(cache, `${name}-${version}`)
  const bin = join(home, windows ? 'Scripts' : 'bin')
  const program = join(bin, windows ? `${command}.exe` : command)
  const complete = join(home, 'complete')
  if (existsSync(complete)) return { program }

  const python = await findPython()
  if (!python) return { skip: 'no Python 3.10 or newer on this machine' }
  rmSync(home, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  const made = await run(python, ['-m', 'venv', home])
  if (made.code !== 0) return { skip: `no virtual environment: ${lastLine(made.stderr || made.stdout)}` }
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  const packages = [`${name}==${version}`, ...also]
  const installed = await run(join(bin, 'python'), [...pip, ...packages])
  if (installed.code !== 0) return { skip: `${packages.join(' ')}: ${lastLine(installed.stderr)}` }
  writeFileSync(complete, '')
  return { program }
}

async function findPython() {
  for (const name of ['python3', 'python']) {
    const check = 'import sys; sys.exit(sys.version_info < (3, 10))'
    if ((await run(name, ['-c', check], { timeoutMs: 20_000 })).code === 0) return name
  }
  return undefined
}
