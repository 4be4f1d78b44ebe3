import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../model/configuration.ts'

/** How the command line finds the gateway that runs on a data directory (ADR 0016). */
export interface GatewayFile {
  readonly pid: number
  /** Of this machine. */
  readonly url: string
  /** Of an admin, good while this gateway runs. */
  readonly token: string
  /** PEM; what TLS must show, whatever name is in it. */
  readonly certificate?: string
}

const pathIn = (dataDir: string): string => join(dataDir, 'gateway.json')

/** The admin on this machine: a secret of this run that only who may read the data directory knows. */
export function localOperator({ databaseUrl, dataDir, tls }: Environment): {
  readonly token: string
  announce(url: string): void
  close(): Promise<void>
} {
  const token = `drawbridge_local_${randomBytes(32).toString('base64url')}`
  return {
    token,
    announce(url) {
      // With a database elsewhere the data directory is not this gateway's alone, and need not be there.
      if (databaseUrl !== undefined) return
      const certificate = tls && { certificate: readFileSync(tls.certFile, 'utf8') }
      writeGatewayFile(dataDir, { pid: process.pid, url: localUrl(url), token, ...certificate })
    },
    close: async () => removeGatewayFile(dataDir),
  }
}

/** Written whole or not at all, and readable by its owner only. */
function writeGatewayFile(dataDir: string, content: GatewayFile): void {
  const unfinished = `${pathIn(dataDir)}.${process.pid}`
  rmSync(unfinished, { force: true })
  writeFileSync(unfinished, JSON.stringify(content), { mode: 0o600, flag: 'wx' })
  renameSync(unfinished, pathIn(dataDir))
}

export function readGatewayFile(dataDir: string): GatewayFile | undefined {
  try {
    const read = JSON.parse(readFileSync(pathIn(dataDir), 'utf8')) as Partial<GatewayFile>
    return typeof read.url === 'string' && typeof read.token === 'string' ? (read as GatewayFile) : undefined
  } catch {
    return undefined
  }
}

function removeGatewayFile(dataDir: string): void {
  if (readGatewayFile(dataDir)?.pid === process.pid) rmSync(pathIn(dataDir), { force: true })
}

/** An address that listens on all interfaces is reached by the loopback one. */
function localUrl(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}
