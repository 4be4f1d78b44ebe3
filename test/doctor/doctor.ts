import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../src/app/program.ts'
import type { Report } from '../../src/doctor/checks.ts'
import type { TraceEntry } from '../../src/simulators/trace.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import type { ApiProfile } from '../../src/model/account.ts'

export interface Asked {
  readonly profile?: 'auto' | ApiProfile
  readonly settings?: Readonly<Record<string, unknown>>
  readonly credentials?: Readonly<Record<string, string>>
  /** Other keys of the connection: rules, default. */
  readonly connection?: Readonly<Record<string, unknown>>
}

export interface Answered {
  readonly code: number
  readonly report: Report
  /** What people see, without colours. */
  readonly page: string
  readonly finding: (check: string) => string
}

/** Runs `drawbridge doctor` for a connection to a simulator, once for each form of the answer. */
export async function askDoctor(simulator: VendorSimulator, asked: Asked = {}): Promise<Answered> {
  const { settings, credentials } = simulator.connection(
    asked.profile === undefined || asked.profile === 'auto' ? 'current' : asked.profile,
  )
  const connection = {
    vendor: simulator.vendor,
    settings: { ...settings, apiProfile: asked.profile ?? 'auto', ...asked.settings },
    credentials: { ...credentials, ...asked.credentials },
    ...asked.connection,
  }
  const configuration = { directories: { corp: { connections: { patient: connection } } } }
  const json = await commandLine(configuration, 'doctor', 'patient', '--json')
  const report = JSON.parse(json.out) as Report
  const { out: page } = await commandLine(configuration, 'doctor', 'corp/patient')
  return {
    code: json.code,
    report,
    page,
    finding(check) {
      const found = report.findings.find((each) => each.check === check)
      return found ? `${found.state}: ${found.detail}` : 'not looked at'
    },
  }
}

/** Runs one command line with a configuration in a file of its own, read as its last option. */
export async function commandLine(configuration: unknown, ...argv: readonly string[]) {
  return commandLineIn({}, configuration, ...argv)
}

/** The same with more in its environment. */
export async function commandLineIn(
  env: Readonly<Record<string, string>>,
  configuration: unknown,
  ...argv: readonly string[]
) {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-doctor-'))
  const file = join(folder, 'drawbridge.json')
  writeFileSync(file, JSON.stringify(configuration))
  const written = { out: '', err: '' }
  try {
    const code = await run([...argv, '--config', file], {
      env: { DRAWBRIDGE_INSECURE_TARGETS: '127.0.0.1', ...env },
      stdout: { write: (text: string) => (written.out += text) },
      stderr: { write: (text: string) => (written.err += text) },
    })
    return { code, ...written }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Calls that changed something, or could have. */
export function changes(trace: readonly TraceEntry[]): readonly TraceEntry[] {
  return trace.filter(({ mutating }) => mutating)
}
