// How many files and functions of src one PATCH of a family name runs until its answer, the vendor call included; without
// simulators. What each of several such PATCHes runs is counted, so that no timer is. `npm run measure:patch`; with a
// folder behind it, another checkout is measured.
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
  const base = pathToFileURL(`${root}/src/`).href
  const windows = []
  for (const familyName of ['Lovelace', 'King', 'Noel', 'Milbanke', 'Gordon']) {
    const calls = simulator.trace.length
    await session.post('Profiler.takePreciseCoverage')
    await rename(id, familyName)
    const { result } = await session.post('Profiler.takePreciseCoverage')
    if (simulator.trace.length === calls) throw new Error('the PATCH was answered without a vendor call')
    windows.push(functionsRun(result, base))
  }
  const [first, ...others] = windows
  const ran = Map.groupBy(
    [...first].filter(([key]) => others.every((window) => window.has(key))).map(([, file]) => file),
    (file) => file,
  )
  for (const [file, functions] of [...ran].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`${String(functions.length).padStart(4)}  ${file}`)
  const functions = [...ran.values()].reduce((sum, { length }) => sum + length, 0)
  console.log(`${ran.size} files, ${functions} functions`)
} finally {
  await gateway.close()
  await simulator.close()
  await rm(dataDir, { recursive: true, force: true })
}

/** Named functions of the source that ran, by place, with their file. */
function functionsRun(scripts, base) {
  return new Map(
    scripts
      .filter(({ url }) => url.startsWith(base) && !/simulator|\/generated\//.test(url.slice(base.length)))
      .flatMap(({ url, functions }) =>
        functions
          .filter(({ functionName, ranges }) => functionName !== '' && ranges[0].count > 0)
          .map(({ ranges }) => [`${url}:${ranges[0].startOffset}`, url.slice(base.length)]),
      ),
  )
}
