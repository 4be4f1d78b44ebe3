/** Names that look like what was asked for, best first; for a message, so cheap rather than clever. */
export function nearestNames(asked: string, names: readonly string[], count = 3): readonly string[] {
  const target = asked.toLowerCase().slice(0, longest)
  const limit = Math.max(2, Math.floor(target.length / 3))
  return [...new Set(names)]
    .slice(0, mostNames)
    .map((name) => ({ name, distance: distanceTo(target, name.toLowerCase().slice(0, longest)) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name)
}

const longest = 64
const mostNames = 2_000

// One name inside the other is near whatever its length: "admin" for "Falcon Administrator".
function distanceTo(asked: string, name: string): number {
  if (asked === '' || name === '') return Infinity
  return asked.includes(name) || name.includes(asked) ? 1 : editDistance(asked, name)
}

/** Levenshtein's distance, a row at a time. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const swap = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(swap, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    above = current
  }
  return above[b.length] ?? 0
}
