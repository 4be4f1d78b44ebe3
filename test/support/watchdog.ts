import { type ChildProcess, execFileSync } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'

/** Far above the slowest file on a machine that is busy with other work; `npm run chaos` takes longer on purpose. */
const patienceMs = (process.env['CHAOS_LONG'] === undefined ? 15 : 120) * 60_000

/**
 * Ends every test file that this process starts and that does not end by itself, with the processes it started:
 * the runner would wait for it, and limits of its tests do not help against what a file leaves open. The runner counts
 * a file that was ended as failed.
 */
export function endFilesThatHang(limitMs = patienceMs): void {
  subscribe('child_process', (message) => {
    const { process: child } = message as { readonly process: ChildProcess }
    // The channel speaks before the process runs: its number and arguments come after.
    child.once('spawn', () => {
      const file = child.spawnargs.find((argument) => /\.test\.\w+$/.test(argument))
      if (file === undefined) return
      const timer = setTimeout(() => {
        process.stderr.write(`${file} did not end within ${limitMs / 1_000} s and was ended\n`)
        end(child)
      }, limitMs)
      child.once('exit', () => clearTimeout(timer))
    })
  })
}

function end(child: ChildProcess): void {
  const all = child.pid === undefined ? [] : [...descendants(child.pid), child.pid]
  for (const pid of all) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended meanwhile.
    }
  }
  child.once('exit', () => {
    // What an unknown descendant still holds open must not hold the runner.
    for (const stream of [child.stdout, child.stderr]) setTimeout(() => stream?.destroy(), 1_000).unref()
  })
}

function descendants(pid: number): number[] {
  let listed: string
  try {
    listed = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  } catch {
    return []
  }
  const rows = listed
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const found: number[] = []
  for (let next = [pid]; next.length > 0;) {
    next = rows.flatMap(([child, parent]) => (next.includes(parent!) && child !== pid ? [child!] : []))
    found.push(...next)
  }
  return found
}
