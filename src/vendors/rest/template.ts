import { segment } from '../kit/http.ts'
import type { Template } from './model.ts'

/** What is known at a call, by name; dots lead into objects. */
export type Known = Readonly<Record<string, unknown>>

function lookUp(name: string, known: Known): unknown {
  return name
    .split('.')
    .reduce<unknown>(
      (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
      known,
    )
}

const alone = /^\{([\w.]{1,60})(?::(integer))?\}$/
const within = /\{([\w.]{1,60})\}/g

/** Undefined where the only thing that it asks for is not known. */
export function render(template: Template, known: Known): unknown {
  if (typeof template === 'string') {
    const [, name, type] = alone.exec(template) ?? []
    if (name === undefined) return template.replaceAll(within, (_, each: string) => textAt(each, known))
    const value = lookUp(name, known)
    return type === 'integer' && value !== undefined ? Number(value) : value
  }
  if (typeof template !== 'object' || template === null) return template
  if (Array.isArray(template)) return template.map((each: Template) => render(each, known))
  const { each, as, ...rest } = template as { readonly [key: string]: Template }
  if (typeof each === 'string' && as !== undefined && Object.keys(rest).length === 0) {
    const list = lookUp(each, known)
    return Array.isArray(list) ? list.map((one: unknown) => render(as, { ...known, each: one })) : undefined
  }
  const entries = Object.entries(template)
    .map(([key, value]) => [key, render(value as Template, known)] as const)
    .filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries)
}

/** A path below the base; whatever stands for a segment is escaped. */
export function renderPath(path: string, known: Known): string {
  return path.replaceAll(within, (_, name: string) => segment(textAt(name, known)))
}

function textAt(name: string, known: Known): string {
  const value = lookUp(name, known)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}
