import { visibleJson, visibleLines } from '../model/text.ts'
import { styleText } from 'node:util'
import type { Variables } from '../config/file.ts'

/** What the command line uses of its process; a test passes its own. */
export interface Io {
  readonly env: Variables
  readonly stdout: Stream
  readonly stderr: Stream
}

interface Stream {
  readonly isTTY?: boolean
  write(text: string): unknown
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow'

/** Where commands write: plain lines for people, or one JSON document. */
export interface Output {
  line(text?: string): void
  /** The one JSON document of a command that was given `--json`. */
  json(value: unknown): void
  /** A line on the error stream. */
  problem(text: string): void
  /** Colours a text when people look at a terminal. */
  paint(style: Style, text: string): string
}

export function createOutput({ env, stdout, stderr }: Io): Output {
  const coloured = stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  return {
    line: (text = '') => void stdout.write(`${visibleLines(text)}\n`),
    json: (value) => void stdout.write(`${visibleJson(value, 2)}\n`),
    problem: (text) => void stderr.write(`${visibleLines(text)}\n`),
    paint: (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text),
  }
}
