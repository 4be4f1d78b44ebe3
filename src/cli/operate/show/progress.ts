import type { Surroundings } from '../../output.ts'

export interface Progress {
  show(text: string): void
  end(): void
}

/** One line that is rewritten on a terminal; elsewhere a plain line whenever it says something new. On the error stream. */
export function createProgress({ stderr }: Pick<Surroundings, 'stderr'>): Progress {
  let last = ''
  const live = stderr.isTTY === true
  return {
    show(text) {
      if (text === last) return
      last = text
      stderr.write(live ? `\r\u001b[K${text}` : `${text}\n`)
    },
    end() {
      if (live && last !== '') stderr.write('\r\u001b[K')
    },
  }
}
