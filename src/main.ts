#!/usr/bin/env node
import { run } from './cli/run.ts'

// Whoever reads has seen enough, as in "drawbridge audit export | head".
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await run(process.argv.slice(2), process)
