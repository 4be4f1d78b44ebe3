import { Refusal } from './answers.ts'

type Fields = Readonly<Record<string, string>>

const term = /(\w+):(\*?)'((?:[^'\\]|\\.)*)'/y

/** The part of FQL that user queries need: `key:'value'`, `key:*'start*'`, `+` for and, `,` for or. Case counts. */
export function compileFql(filter: string, keys: readonly string[]): (fields: Fields) => boolean {
  const alternatives: ((fields: Fields) => boolean)[][] = [[]]
  let at = 0
  while (at < filter.length) {
    term.lastIndex = at
    const found = term.exec(filter)
    const [all = '', key = '', wild, raw = ''] = found ?? []
    if (!found || !keys.includes(key)) throw new Refusal(400, 'invalid filter')
    const value = raw.replaceAll(/\\(.)/g, '$1')
    alternatives.at(-1)?.push((fields) => matches(fields[key] ?? '', value, wild === '*'))
    at += all.length
    const joint = filter[at]
    if (joint === undefined) break
    if (joint === ',') alternatives.push([])
    else if (joint !== '+') throw new Refusal(400, 'invalid filter')
    at += 1
    if (at === filter.length) throw new Refusal(400, 'invalid filter')
  }
  return (fields) => alternatives.some((all) => all.every((test) => test(fields)))
}

function matches(held: string, value: string, wild: boolean): boolean {
  if (!wild) return held === value
  const pieces = value.split('*').map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${pieces.join('.*')}$`, 's').test(held)
}
