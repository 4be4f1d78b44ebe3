import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** The long form: 1,000 people at four vendors. Another seed, or other numbers, by the same variables. */
const child = spawn(
  process.execPath,
  ['--test', '--test-global-setup=test/support/global-setup.ts', 'test/chaos/chaos.test.ts'],
  {
    stdio: 'inherit',
    env: {
      CHAOS_PEOPLE: '1000',
      CHAOS_ROUNDS: '20',
      CHAOS_SEED: String(Date.now() % 1_000_000),
      ...process.env,
      CHAOS_LONG: '1',
    },
  },
)
const [code] = (await once(child, 'exit')) as [number | null]
process.exitCode = code ?? 1
