import { readdirSync, readFileSync } from 'node:fs'

/**
 * Holds processes to a share of one core each, as a container's limit does: whoever has used more than its part of the
 * time is stopped until it has not. A process of its own, so that nothing else delays it.
 */
const [share, ...pids] = process.argv.slice(2).map(Number) as [number, ...number[]]
const everyMs = 5
/** What may be made up for, so that a process that waited does not run unbounded afterwards. */
const creditMs = 20

/** All its threads: the compiler's and the collector's too. */
function usedMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const each = threads.map((id) => readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0])
  return each.reduce((all, nanoseconds) => all + Number(nanoseconds), 0) / 1e6
}

const held = pids.map((pid) => ({ pid, credit: creditMs, used: usedMs(pid), stopped: false }))
let at = performance.now()

const timer = setInterval(() => {
  const now = performance.now()
  const passed = now - at
  at = now
  for (const each of held) {
    try {
      const used = usedMs(each.pid)
      each.credit = Math.min(creditMs, each.credit + passed * share - (used - each.used))
      each.used = used
      const stop = each.credit < 0
      if (stop !== each.stopped) process.kill(each.pid, stop ? 'SIGSTOP' : 'SIGCONT')
      each.stopped = stop
    } catch {
      // It has ended.
    }
  }
}, everyMs)

process.on('disconnect', () => {
  clearInterval(timer)
  for (const { pid } of held) {
    try {
      process.kill(pid, 'SIGCONT')
    } catch {
      // It has ended.
    }
  }
})
