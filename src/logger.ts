import { pino, type Logger, type LoggerOptions } from 'pino'
import type { Environment } from './model/configuration.ts'

/** Keys whose values never reach a log, wherever they stand in the first three levels of a log line. */
const secretKeys = [
  'authorization',
  'cookie',
  'credentials',
  'password',
  'secret',
  'token',
  'apiToken',
  'clientSecret',
  'accessToken',
  'access_token',
]

/** Options of the process's log: JSON lines, ISO times, secrets blanked. */
export function loggerOptions(level: Environment['logLevel']): LoggerOptions {
  return {
    level,
    timestamp: isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: ['', '*.', '*.*.'].flatMap((prefix) => secretKeys.map((key) => `${prefix}${key}`)),
      censor: '[redacted]',
    },
  }
}

/**
 * To the standard output, in pieces of 12 KB or ten times a second, whichever comes first, and before the process ends by
 * itself: a write for each line costs more than a short request. Killed, a process loses what it logged in a tenth of a
 * second; what must not be lost is in the store.
 */
export function createLogger(level: Environment['logLevel']): Logger {
  return pino(
    loggerOptions(level),
    pino.destination({ dest: 1, sync: false, minLength: 12_288, periodicFlush: 100 }),
  )
}

let second = 0
let upToSeconds = ''

/** The time as pino wants it, its seconds written once each. */
function isoTime(): string {
  const now = Date.now()
  const milliseconds = now % 1_000
  if (now - milliseconds !== second) {
    second = now - milliseconds
    upToSeconds = `,"time":"${new Date(now).toISOString().slice(0, 20)}`
  }
  return `${upToSeconds}${String(milliseconds).padStart(3, '0')}Z"`
}
