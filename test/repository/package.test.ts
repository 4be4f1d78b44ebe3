import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { existsSync } from 'node:fs'
import { files, read, root } from './repository.ts'

interface PackageFile {
  readonly version: string
  readonly engines: { readonly node: string }
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const packageFile = JSON.parse(read('package.json')) as PackageFile
const readme = read('README.md')

describe('package.json', () => {
  it('pins every dependency to one version', () => {
    const all = {
      ...packageFile.dependencies,
      ...packageFile.optionalDependencies,
      ...packageFile.devDependencies,
    }
    const loose = Object.entries(all).filter(
      ([, version]) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    )
    assert.deepEqual(loose, [])
  })

  it('is what the lock file was written for', () => {
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, Partial<PackageFile>> }
    const top = lock.packages['']
    assert.deepEqual(top?.dependencies, packageFile.dependencies)
    assert.deepEqual(top?.optionalDependencies, packageFile.optionalDependencies)
    assert.deepEqual(top?.devDependencies, packageFile.devDependencies)
  })

  it('packs what runs, and nothing of the source, the tests or this machine', () => {
    const { status, stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
    })
    assert.equal(status, 0)
    const [packed] = JSON.parse(stdout) as [{ files: readonly { path: string }[] }]
    const paths = packed.files.map(({ path }) => path)
    const allowed =
      /^(dist\/|prisma\/migrations\/|docs\/schemas\/|(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$)/
    assert.deepEqual(
      paths.filter((path) => !allowed.test(path)),
      [],
    )
    const migrations = files('prisma/migrations/*/migration.sql')
    assert.deepEqual(
      migrations.filter((path) => !paths.includes(path)),
      [],
    )
  })

  it('asks for the Node.js that the launcher asks for, and asserts it before the tests', () => {
    const needed = /needed = '([\d.]+)'/.exec(read('tools/node-version.mjs'))?.[1]
    assert.equal(packageFile.engines.node, `>=${needed}`)
    assert.ok(packageFile.scripts['test']?.startsWith('node tools/assert-node.mjs &&'))
  })
})

describe('the charter', () => {
  const named = ['fastify', 'scimmy', '@fastify/bearer-auth', 'undici', '@prisma/client', 'pino']
  for (const name of named) {
    it(`[M-10] has ${name} in use below src`, () => {
      assert.ok(packageFile.dependencies[name])
      const pattern = new RegExp(`from '${name}(/[^']*)?'`)
      const users = files('src/**/*.ts').filter((path) => pattern.test(read(path)))
      assert.ok(users.length > 0, name)
    })
  }

  it('[M-11] has its top level', () => {
    const paths = ['package.json', 'tsconfig.json', 'src/scim', 'src/translators', 'src/vendors']
    const missing = [...paths, 'prisma', 'docker', 'test'].filter((path) => !existsSync(`${root}${path}`))
    assert.deepEqual(missing, [])
  })
})

describe('README.md', () => {
  for (const command of ['npm ci && npm run drawbridge -- demo', 'npm ci && npm test']) {
    it(`shows "${command}"`, () => assert.ok(readme.split('\n').includes(command)))
  }

  it('names only scripts that exist', () => {
    const text = `${readme}\n${read('CONTRIBUTING.md')}`
    const named = [...text.matchAll(/npm run ([a-z][\w:-]*)/g)].map(([, script]) => script!)
    assert.ok(named.length > 5, named.join())
    assert.deepEqual(
      named.filter((script) => !(script in packageFile.scripts)),
      [],
    )
  })

  it('has its commands run by continuous integration', () => {
    const lines = read('.ci/run').split('\n')
    for (const line of ['npm ci', 'npm run check', 'npm test']) assert.ok(lines.includes(line), line)
  })
})

describe('CHANGELOG.md', () => {
  it('has an entry for this version or for what is unreleased', () => {
    const text = read('CHANGELOG.md')
    assert.ok(text.includes(`## [${packageFile.version}]`) || text.includes('## [Unreleased]'))
  })
})
