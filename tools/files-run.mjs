// How many files and functions of src one PATCH of a family name runs until its answer, the vendor call included; without
// simulators. `npm run measure:patch`; with a folder behind it, another checkout is measured.
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = resolve(process.argv[2] ?? new URL('..', import.meta.url).pathname)
const load = async (...places) => {
  const found = places.find((place) => existsSync(join(root, place)))
  if (!found) throw new Error(`none of ${places.join(', ')} is in ${root}`)
  return import(pathToFileURL(join(root, found)).href)
}

const { startGateway } = await load('src/app/gateway.ts', 'src/app.ts')
const { startCrowdstrike } = await load(
  'src/simulators/crowdstrike/index.ts',
  'src/vendors/crowdstrike/simulator/index.ts',
)
const { loadEnvironment } = await load('src/config/environment.ts')
const { parseConfiguration } = await load('src/config/load.ts')
const { vendors } = await load('src/vendors/registry.ts')

const silent = { level: 'silent', debug() {}, info() {}, warn() {}, error() {}, fatal() {}, trace() {} }
silent.child = () => silent
const dataDir = await mkdtemp(join(tmpdir(), 'drawbridge-files-'))
await chmod(dataDir, 0o755)
const simulator = await startCrowdstrike()
const token = 'a-token-for-measuring'
const host = new URL(simulator.connection('current').settings.baseUrl).host
const { environment } = loadEnvironment({
  PORT: '0',
  DRAWBRIDGE_DATA_DIR: dataDir,
  DRAWBRIDGE_INSECURE_TARGETS: host,
})
const { configuration } = parseConfiguration(
  JSON.stringify({
    directories: {
      corp: {
        client: 'okta',
        tokens: [{ name: 'okta', secret: token }],
        connections: {
          falcon: {
            vendor: 'crowdstrike',
            ...simulator.connection('current'),
          },
        },
      },
    },
  }),
  { DRAWBRIDGE_INSECURE_TARGETS: host },
  vendors,
  () => Buffer.alloc(0),
)
const gateway = await startGateway({ environment, configuration, log: silent })

async function scim(method, path, body) {
  const request = {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify(body),
  }
  const answer = await fetch(`${gateway.url}/scim/v2${path}`, request)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}

const rename = (id, familyName) =>
  scim('PATCH', `/Users/${id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'name.familyName', value: familyName }],
  })

try {
  const { id } = await scim('POST', '/Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'ada@example.com',
    name: { givenName: 'Ada', familyName: 'King' },
  })
  // What is done once only is over.
  await rename(id, 'Byron')
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  await session.post('Profiler.takePreciseCoverage')
  await rename(id, 'Lovelace')
  const { result } = await session.post('Profiler.takePreciseCoverage')
  const base = pathToFileURL(`${root}/src/`).href
  const ran = result
    .filter(({ url }) => url.startsWith(base) && !/simulator|\/generated\//.test(url.slice(base.length)))
    .map(({ url, functions }) => ({
      file: url.slice(base.length),
      count: functions.filter(({ functionName, ranges }) => functionName !== '' && ranges[0].count > 0)
        .length,
    }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => (a.file < b.file ? -1 : 1))
  for (const { file, count } of ran) console.log(`${String(count).padStart(4)}  ${file}`)
  const functions = ran.reduce((sum, { count }) => sum + count, 0)
  console.log(`${ran.length} files, ${functions} functions`)
} finally {
  await gateway.close()
  await simulator.close()
  await rm(dataDir, { recursive: true, force: true })
}
