import { shareTestServer } from './database.ts'

let stop: (() => Promise<void>) | undefined

/** Called once by `node --test --test-global-setup`, before any test file. */
export async function globalSetup(): Promise<void> {
  stop = await shareTestServer()
}

export async function globalTeardown(): Promise<void> {
  await stop?.()
}
