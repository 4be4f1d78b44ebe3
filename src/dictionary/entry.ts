import type { ErrorArea } from '../model/errors.ts'

/** What a code means and what to do about it; one or two sentences each, without markup but `code`. */
export interface Words {
  readonly means: string
  readonly todo: string
  /** Codes that earlier releases gave it; they still lead here. */
  readonly formerly?: readonly string[]
}

export interface Entry extends Words {
  readonly area: ErrorArea
  readonly code: string
  /** `<area>-<code>`: the anchor on the page, and what `drawbridge errors` is asked for. */
  readonly anchor: string
}

/** A part of the dictionary: where its codes are met, and the codes. */
export interface Area {
  readonly area: ErrorArea
  readonly title: string
  readonly where: string
  readonly entries: Readonly<Record<string, Words>>
}
