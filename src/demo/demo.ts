import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { type Gateway, startGateway } from '../app/gateway.ts'
import { loadEnvironment } from '../config/environment.ts'
import { loadConfiguration } from '../config/load.ts'
import { vendors } from '../vendors/registry.ts'
import { entraStory } from './entra.ts'
import { oktaStory } from './okta.ts'
import { configurationText, type DemoVendors, startVendors } from './setting.ts'
import { createStage } from './stage.ts'
import { convergenceTable } from './table.ts'

export interface DemoOptions {
  /** End after the stories instead of staying up. */
  readonly exit: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly out: (line?: string) => void
  readonly paint: (style: 'bold' | 'dim' | 'red' | 'green' | 'yellow', text: string) => string
  readonly stopped: AbortSignal
}

type Say = Pick<DemoOptions, 'out' | 'paint'>

/** Plays the stories against simulated vendors; resolves to 0 only if everything converged. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { out, paint } = options
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-demo-'))
  // As root, PostgreSQL runs as a user of its own, which must be able to reach its data below this folder.
  await chmod(folder, 0o711)
  const simulated = await startVendors()
  try {
    out(paint('dim', 'Starting the embedded store, the simulated vendors and the gateway …'))
    const tokens = { okta: secret(), entra: secret() }
    const gateway = await start(folder, simulated, tokens, options)
    try {
      const converged = await play(gateway, simulated, tokens, options)
      if (!options.exit && !options.stopped.aborted) await stayUp(gateway, tokens.okta, options)
      return converged ? 0 : 1
    } finally {
      await gateway.close()
    }
  } finally {
    await simulated.close()
    await rm(folder, { recursive: true, force: true })
  }
}

type Tokens = Readonly<Record<'okta' | 'entra', string>>

function secret(): string {
  return `demo_${randomBytes(18).toString('base64url')}`
}

async function start(
  folder: string,
  simulated: DemoVendors,
  tokens: Tokens,
  { env, exit }: DemoOptions,
): Promise<Gateway> {
  const file = join(folder, 'drawbridge.yaml')
  await writeFile(file, configurationText(simulated), { mode: 0o600 })
  const settings = {
    LOG_LEVEL: 'silent',
    ...env,
    // An ended demo leaves nothing behind, and never touches a real store.
    DATABASE_URL: undefined,
    DRAWBRIDGE_DATA_DIR: join(folder, 'data'),
    DRAWBRIDGE_INSECURE_TARGETS: '127.0.0.1',
    DEMO_OKTA_TOKEN: tokens.okta,
    DEMO_ENTRA_TOKEN: tokens.entra,
    ...(exit ? { PORT: '0' } : {}),
  }
  const loaded = loadConfiguration(file, settings, vendors)
  const environment = loadEnvironment(settings)
  if (!environment.ok)
    throw new Error(environment.problems.map(({ name, message }) => `${name} ${message}`).join('; '))
  if (!loaded.ok) throw new Error(loaded.problems.map(({ path, message }) => `${path} ${message}`).join('; '))
  const log = pino({ level: environment.environment.logLevel }, pino.destination(2))
  return startGateway({ environment: environment.environment, configuration: loaded.configuration, log })
}

async function play(
  gateway: Gateway,
  simulated: DemoVendors,
  tokens: Tokens,
  options: DemoOptions,
): Promise<boolean> {
  for (const story of [oktaStory, entraStory]) {
    if (options.stopped.aborted) return false
    await story.play(createStage(story, { gateway, simulated, token: tokens[story.client], say: options }))
  }
  options.out()
  options.out(options.paint('bold', 'Person × vendor: wanted by the directory, held at the vendor'))
  const { lines, converged } = await convergenceTable(gateway, simulated)
  for (const line of lines) options.out(line)
  options.out()
  options.out(
    converged
      ? options.paint('green', 'Everything converged.')
      : options.paint('red', 'Not everything converged.'),
  )
  return converged
}

async function stayUp(
  { url }: Gateway,
  token: string,
  { out, paint, stopped }: Say & Pick<DemoOptions, 'stopped'>,
): Promise<void> {
  const base = `${url}/scim/v2`
  const auth = `-H "Authorization: Bearer ${token}"`
  const joiner = JSON.stringify({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'alan.turing@example.com',
    name: { givenName: 'Alan', familyName: 'Turing' },
    active: true,
  })
  out()
  out(`${paint('bold', 'SCIM base URL')}  ${base}`)
  out(`${paint('bold', 'Bearer token')}   ${token}`)
  out()
  out('Try:')
  out(`  curl -s ${auth} "${base}/Users?filter=userName%20sw%20%22ada%22"`)
  out(`  curl -s ${auth} -H "Content-Type: application/scim+json" -d '${joiner}' ${base}/Users`)
  out(
    `  curl -s ${auth} "${base}/Users?attributes=userName,urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User"`,
  )
  out()
  out(paint('dim', 'Ctrl-C ends the demo.'))
  if (stopped.aborted) return
  await new Promise<void>((resolve) => stopped.addEventListener('abort', () => resolve(), { once: true }))
}
