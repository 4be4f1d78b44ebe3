import type { FastifyInstance } from 'fastify'
import { errorPage } from '../model/errors.ts'
import { areas, entriesOf, formerAnchors } from './dictionary.ts'

/** The page of all codes as HTML, for browsers; needs nothing from elsewhere. */
export function errorPageHtml(): string {
  const parts = areas.flatMap((area) => [
    `<h2>${escaped(area.title)}</h2>`,
    `<p>${inline(area.where)}</p>`,
    '<dl>',
    ...entriesOf(area).map((entry) => {
      const { anchor, code, means, todo } = entry
      const former = formerAnchors(entry).map((each) => `<a id="${escaped(each)}"></a>`)
      return `<dt id="${escaped(anchor)}">${former.join('')}<a href="#${escaped(anchor)}"><code>${escaped(code)}</code></a></dt><dd>${inline(means)}<br><b>What to do:</b> ${inline(todo)}</dd>`
    }),
    '</dl>',
  ])
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><title>Drawbridge: errors</title>',
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">',
    '<style>body{font:16px/1.5 system-ui,sans-serif;max-width:50em;margin:2em auto;padding:0 1em}dt{margin-top:1em}dt:target{outline:2px solid}</style>',
    '</head><body>',
    `<h1>Errors</h1><p>Of the release of Drawbridge that runs here. Without a browser: <code>drawbridge errors &lt;code&gt;</code>.</p>`,
    ...parts,
    '</body></html>',
    '',
  ].join('\n')
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => entities[character]!)

const inline = (text: string): string => escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>')

/** The page that every error links to. No token: it holds nothing but documentation, and does not name the release. */
export function registerErrorPage(app: FastifyInstance): void {
  let page: string | undefined
  app.get(errorPage, async (_request, reply) => {
    page ??= errorPageHtml()
    return reply
      .headers({
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'cache-control': 'max-age=3600',
      })
      .type('text/html; charset=utf-8')
      .send(page)
  })
}
