import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { DCLinter } from 'dclint'
import { validate as lintDockerfile } from 'dockerfile-utils'
import { parse as render } from '@evertdespiegeleer/go-template'
import { parse, parseAllDocuments } from 'yaml'
import { files, read, root } from './repository.ts'

type Json = Readonly<Record<string, unknown>>

interface Linted {
  readonly messages: readonly { readonly type: string; readonly line: number; readonly message: string }[]
}

describe('docker/Dockerfile', () => {
  const text = read('docker/Dockerfile')

  it('has no fault that a linter knows', () => {
    assert.deepEqual(
      lintDockerfile(text).map(({ range, message }) => `${range.start.line + 1}: ${message}`),
      [],
    )
  })

  it('copies only what exists', () => {
    const copied = [...text.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, words = '']) =>
      words.split(' ').slice(0, -1),
    )
    assert.ok(copied.length > 5)
    assert.deepEqual(
      copied.filter((path) => !existsSync(`${root}${path}`)),
      [],
    )
  })

  it('lets in only what it copies, and no secret', () => {
    const ignored = read('docker/Dockerfile.dockerignore').trim().split('\n')
    assert.equal(ignored[0], '**')
    assert.ok(!ignored.some((line) => /^!.*(\.env|drawbridge\.ya?ml|\.drawbridge)/.test(line)))
  })

  it('ends as a user without rights, with a health check, in the stage that is built by default', () => {
    const stages = text.split(/^FROM /m).slice(1)
    const [base, gateway] = [stages.find((each) => / AS base\n/.test(each)), stages.at(-1)]
    assert.match(base ?? '', /^USER 10001:10001$/m)
    assert.match(gateway ?? '', / AS gateway\n/)
    assert.match(gateway ?? '', /^HEALTHCHECK /m)
    assert.ok(!/^USER /m.test(gateway ?? ''))
  })
})

describe('compose files', () => {
  const linter = new DCLinter({ rules: {}, quiet: true, debug: false, exclude: [] })
  const errorsOf = async (path: string): Promise<readonly string[]> =>
    ((await linter.lintFiles([path], false)) as readonly Linted[]).flatMap(({ messages }) =>
      messages.filter(({ type }) => type === 'error').map(({ line, message }) => `${line}: ${message}`),
    )

  for (const path of files('docker/compose*.yaml')) {
    it(`${path} is of the Compose specification`, async () => {
      assert.deepEqual(await errorsOf(`${root}${path}`), [])
    })

    it(`${path} gives no gateway more rights than it needs`, () => {
      const { services } = parse(read(path), { merge: true }) as { services: Record<string, Json> }
      const ours = Object.values(services).filter(({ build }) => build !== undefined)
      assert.ok(ours.length > 0)
      for (const service of ours) {
        assert.equal(service['read_only'], true)
        assert.deepEqual(service['cap_drop'], ['ALL'])
      }
    })
  }

  it('the linter refuses what is no Compose file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'drawbridge-compose-'))
    try {
      const path = join(folder, 'compose.yaml')
      await writeFile(path, 'services:\n  gateway:\n    image: 1\n    ports: yes\n')
      assert.notDeepEqual(await errorsOf(path), [])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('docker/helm/drawbridge', () => {
  const chart = parse(read('docker/helm/drawbridge/Chart.yaml')) as { version: string; appVersion: string }
  const values = parse(read('docker/helm/drawbridge/values.yaml')) as Record<string, Json>
  const everything = {
    ...values,
    ingress: { ...values['ingress'], enabled: true },
    serviceMonitor: { ...values['serviceMonitor'], enabled: true, labels: { release: 'prometheus' } },
    networkPolicy: { enabled: true },
  }

  const rendered = async (given: Json): Promise<readonly Json[]> => {
    const texts = await Promise.all(
      files('docker/helm/drawbridge/templates/*.yaml').map((path) =>
        render(read(path), {
          Values: given,
          Release: { Name: 'drawbridge' },
          Chart: { AppVersion: chart.appVersion },
        }),
      ),
    )
    const documents = texts.flatMap((text) => [...parseAllDocuments(text)])
    for (const { errors } of documents) assert.deepEqual(errors, [])
    return documents.map((each) => each.toJSON() as Json | null).filter((each) => each !== null)
  }

  const kinds = (documents: readonly Json[]): readonly unknown[] =>
    documents.map(({ kind }) => kind).toSorted()

  it('names the release that it is of', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string }
    assert.deepEqual([chart.version, chart.appVersion, values['image']?.['tag']], [version, version, version])
  })

  it('renders what the defaults and everything switched on ask for', async () => {
    const usual = ['ConfigMap', 'Deployment', 'PodDisruptionBudget', 'Service']
    assert.deepEqual(kinds(await rendered(values)), usual)
    assert.deepEqual(
      kinds(await rendered(everything)),
      [...usual, 'Ingress', 'NetworkPolicy', 'ServiceMonitor'].toSorted(),
    )
    assert.deepEqual(
      kinds(await rendered({ ...values, existingConfigSecret: 'mine' })),
      usual.filter((kind) => kind !== 'ConfigMap'),
    )
  })

  it('is of the API of Kubernetes, object by object', async () => {
    for (const object of await rendered(everything)) await validateObject(object)
  })

  it('a wrong object does not pass', async () => {
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: {}, spec: { replicas: 'two' } }
    await assert.rejects(validateObject(object))
  })

  it('carries the configuration as it is written', async () => {
    const map = (await rendered(values)).find(({ kind }) => kind === 'ConfigMap') as {
      data: Record<string, string>
    }
    assert.equal(map.data['drawbridge.yaml'], values['config'])
  })
})

/** Custom resources have no schema among the models: their shape is looked at by hand. */
async function validateObject(object: Json): Promise<void> {
  const { apiVersion, kind } = object as { apiVersion: string; kind: string }
  if (kind === 'ServiceMonitor') {
    const { spec } = object as { spec: { endpoints: readonly { port: string; path: string }[] } }
    assert.deepEqual(
      spec.endpoints.map(({ port, path }) => [port, path]),
      [['http', '/metrics']],
    )
    return
  }
  const models = (await import(`kubernetes-models/${apiVersion}/${kind}`)) as Record<
    string,
    new (data: Json) => { validate(): void }
  >
  const Model = models[kind]
  assert.ok(Model, `${apiVersion} ${kind}`)
  new Model(object).validate()
}
