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

/** Process settings by the table of the documents; those that the image fixes or only the command line reads aside. */
const documented = [
  ...new Set(
    [
      ...read('docs/configuration.md')
        .split('## Process settings')[1]!
        .matchAll(/^\| (`[^|]+`) \|/gm),
    ].flatMap(([, names = '']) => [...names.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name!)),
  ),
]
const fixed = ['HOST', 'PORT', 'DRAWBRIDGE_DATA_DIR', 'DRAWBRIDGE_URL']
const settable = documented.filter((name) => !fixed.includes(name))

describe('process settings', () => {
  it('are documented, every one that is read', () => {
    const readers = [...read('src/config/environment.ts').matchAll(/^ {2}([A-Z][A-Z_]+): \{/gm)].map(
      ([, name]) => name!,
    )
    assert.ok(readers.length > 25)
    assert.deepEqual(
      readers.filter((name) => !documented.includes(name)),
      [],
    )
  })

  it('are fixed by the image, where they belong to it', () => {
    for (const name of ['HOST', 'PORT', 'DRAWBRIDGE_DATA_DIR'])
      assert.match(read('docker/Dockerfile'), new RegExp(`^(ENV| ).* ${name}=`, 'm'))
  })

  it('can all be given to the compose file', () => {
    const { services } = parse(read('docker/compose.yaml'), { merge: true }) as {
      services: Record<string, { environment: Json }>
    }
    const tls = parse(read('docker/compose.tls.yaml')) as typeof services & { services: typeof services }
    const names = [services['gateway-1'], tls.services['gateway-1']].flatMap((each) =>
      Object.keys(each!.environment),
    )
    assert.deepEqual(
      settable.filter((name) => !names.includes(name)),
      [],
    )
  })
})

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
    masterKeyFile: { secret: 'keys', key: 'keys' },
    tls: { secret: 'scim-tls' },
    files: [{ name: 'falcon', secret: 'falcon-api' }],
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

  /** Environment of the gateway by name; fails when one is there twice. */
  const environmentOf = async (given: Json): Promise<ReadonlyMap<string, Json>> => {
    const deployment = (await rendered(given)).find(({ kind }) => kind === 'Deployment') as {
      spec: { template: { spec: { containers: readonly [{ env: readonly (Json & { name: string })[] }] } } }
    }
    const { env } = deployment.spec.template.spec.containers[0]
    const byName = new Map(env.map((each) => [each.name, each]))
    assert.equal(byName.size, env.length)
    return byName
  }

  it('sets every process setting that the documents list', async () => {
    const given = { PUBLIC_URL: 'publicUrl', TRUST_PROXY: 'trustProxy', LOG_LEVEL: 'logLevel' } as const
    const plain = values['env'] ?? {}
    const secret = values['secretEnv'] ?? {}
    const unknown: string[] = []
    for (const name of settable) {
      const value = `value of ${name}`
      const setting: Json = Object.hasOwn(given, name)
        ? { [given[name as keyof typeof given]]: value }
        : name.startsWith('TLS_')
          ? { tls: { secret: 'scim-tls' } }
          : Object.hasOwn(plain, name)
            ? { env: { ...plain, [name]: value } }
            : { secretEnv: { ...secret, [name]: { secret: 'vault', key: 'a-key' } } }
      if (!Object.hasOwn(secret, name) && 'secretEnv' in setting) unknown.push(name)
      const entry = (await environmentOf({ ...values, ...setting })).get(name)
      if (name.startsWith('TLS_')) assert.match(String(entry?.['value']), /^\/etc\/drawbridge-tls\/tls\./)
      else if ('secretEnv' in setting)
        assert.deepEqual(entry?.['valueFrom'], { secretKeyRef: { name: 'vault', key: 'a-key' } })
      else assert.equal(entry?.['value'], value)
    }
    assert.deepEqual(unknown, [])
  })

  it('leaves out what is empty, so that defaults and the secret of all variables count', async () => {
    const names = [...(await environmentOf(values)).keys()].toSorted()
    assert.deepEqual(names, ['LOG_LEVEL', 'PUBLIC_URL', 'TRUST_PROXY'])
  })

  it('mounts each file that it names', async () => {
    const deployment = (await rendered(everything)).find(({ kind }) => kind === 'Deployment') as {
      spec: {
        template: {
          spec: {
            containers: readonly [{ volumeMounts: readonly { name: string; mountPath: string }[] }]
            volumes: readonly { name: string }[]
          }
        }
      }
    }
    const { containers, volumes } = deployment.spec.template.spec
    const mounts = containers[0].volumeMounts
    assert.deepEqual(mounts.map(({ name }) => name).toSorted(), volumes.map(({ name }) => name).toSorted())
    for (const [name, { value }] of await environmentOf(everything)) {
      const path = /(\/etc\/[^"]+)$/.exec(String(value))?.[1]
      if (path)
        assert.ok(
          mounts.some(({ mountPath }) => path.startsWith(`${mountPath}/`)),
          name,
        )
    }
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
