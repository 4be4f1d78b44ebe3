/** Control characters, and those that turn the direction of a text or hide in it. */
const unseen = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu
/** Of those, what JSON leaves as it is. */
const unseenInJson = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** A text from outside in which nothing acts on what shows it: each such character becomes its `\uXXXX`. */
export const visible = (text: string): string => text.replace(unseen, escape)

/** Colours that `paint` writes, line ends and tabs. */
const ours = String.raw`\u001b\[(?:1|2|22|31|32|33|39)m|\n|\t`
const unseenButOurs = new RegExp(`(${ours})|${unseen.source}`, 'gu')

/** The same for a text of several lines that is ours but for what stands in it; colours of `paint` stay. */
export const visibleLines = (text: string): string =>
  text.replace(unseenButOurs, (found, own?: string) => own ?? escape(found))

/** JSON that says the same, without characters that act on a terminal. */
export const visibleJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(unseenInJson, escape)

/** What a spreadsheet takes for the beginning of a formula, in full width, too, and after blanks. */
const formula = /^[\s\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]/

/** A field of RFC 4180; what a spreadsheet would take for a formula begins with an apostrophe, and nothing in it acts on a terminal. */
export function csvField(text: string): string {
  const shown = text.replace(/[^\n]+/g, visible)
  const safe = formula.test(text) || /^[\t\r]/.test(text) ? `'${shown}` : shown
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
