import { pino, stdTimeFunctions, type Logger, type LoggerOptions } from 'pino'
import type { Environment } from './config/model.ts'

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
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: ['', '*.', '*.*.'].flatMap((prefix) => secretKeys.map((key) => `${prefix}${key}`)),
      censor: '[redacted]',
    },
  }
}

export function createLogger(level: Environment['logLevel']): Logger {
  return pino(loggerOptions(level))
}
