/** Keys and list positions from the top of the file to a value. */
export type Path = readonly (string | number)[]

/** Something wrong in the configuration file. `message` never holds a value of the file. */
export interface Problem {
  /** As people write it: `directories.corp.connections.falcon.rules[0].role`. */
  readonly path: string
  /** 1-based; 0 where there is no line to point at. */
  readonly line: number
  readonly message: string
}

/** A problem before its line is looked up. */
export interface Finding {
  readonly path: Path
  readonly message: string
  /** Point at the key instead of the value. */
  readonly atKey?: boolean
}

export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    const word = /^[A-Za-z0-9_-]+$/.test(step) ? step : JSON.stringify(step)
    return text ? `${text}.${word}` : word
  }, '')
}

/** Whether a path leads to a value or to a part of it. */
export function isWithin(path: Path, whole: Path): boolean {
  return path.length >= whole.length && whole.every((step, index) => String(path[index]) === String(step))
}

/** Tells of each part of a file whether it, and what surrounds it, is free of what was found. */
export function soundness(found: readonly Finding[]): (path: Path) => boolean {
  return (path) => !found.some((each) => isWithin(each.path, path) || isWithin(path, each.path))
}

/** The one of `known` that a mistyped word most likely meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((each) => ({ each, distance: distance(word.toLowerCase(), each.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best && best.distance <= Math.max(1, Math.floor(best.each.length / 3)) ? best.each : undefined
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Letters to insert, remove, replace or swap with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: readonly number[] = []
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const swapped = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j]
      next.push(
        Math.min(
          row[j + 1]! + 1,
          next[j]! + 1,
          row[j]! + (a[i] === b[j] ? 0 : 1),
          swapped ? before[j - 1]! + 1 : Infinity,
        ),
      )
    }
    before = row
    row = next
  }
  return row[b.length]!
}
