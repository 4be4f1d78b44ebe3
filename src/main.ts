#!/usr/bin/env node
import { run } from './app/program.ts'

// The reader has seen enough, as in "drawbridge audit export | head": the command ends as it would have, with its own code.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
})

process.exitCode = await run(process.argv.slice(2), process)
