import type { JobsDatabase } from '../../src/model/schedule.ts'
import { openSchedule } from '../../src/schedule/schedule.ts'

// The queue of jobs keeps no process alive by itself.
setInterval(() => {}, 1_000)
const log = { info() {}, warn() {}, error() {} }
const schedule = openSchedule({ database: JSON.parse(process.env['JOBS']!) as JobsDatabase, log })
await schedule.work('killed', async () => {
  process.send!('running')
  await new Promise(() => {})
})
