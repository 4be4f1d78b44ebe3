import type { Io } from './output.ts'

/** How much of a known whole. */
interface Share {
  readonly done: number
  readonly total: number
}

export interface Progress {
  show(text: string, share?: Share): void
  end(): void
}

/** Where nobody watches a terminal, a line is enough so often. */
const plainEveryMs = 5_000
const width = 24

/** On the error stream: one line that is rewritten on a terminal, with a bar; elsewhere a plain line now and then. */
export function createProgress({ stderr }: Pick<Io, 'stderr'>, now: () => number = Date.now): Progress {
  let last = ''
  // What is over sooner needs no line at all.
  let toldAt = now()
  const live = stderr.isTTY === true
  return {
    show(text, share) {
      const line = share && share.total > 0 ? `${live ? bar(share) : percent(share)} ${text}` : text
      if (line === last || (!live && now() - toldAt < plainEveryMs)) return
      last = line
      toldAt = now()
      stderr.write(live ? `\r\u001b[K${line}` : `${line}\n`)
    },
    end() {
      if (live && last !== '') stderr.write('\r\u001b[K')
    },
  }
}

const partOf = ({ done, total }: Share): number => Math.min(1, Math.max(0, done / total))

const percent = (share: Share): string => `${Math.floor(partOf(share) * 100)} %`

function bar(share: Share): string {
  const filled = Math.floor(partOf(share) * width)
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${percent(share).padStart(5)}`
}
