import { areas, entriesOf, formerAnchors } from '../src/dictionary/dictionary.ts'

/** docs/errors.md, from the dictionary that the gateway serves and the command line prints. */
export function errorsPage() {
  return [
    '# Errors',
    '',
    'Generated from `src/dictionary` (`npm run schema:write`). Every error names its entry: a running gateway shows this page of its own release at `/docs/errors`, and `drawbridge errors <code>` prints an entry without any gateway.',
    '',
    ...areas.map(({ area, title }) => `- [${title}](#${area})`),
    '',
    ...areas.flatMap((area) => [
      `<a id="${area.area}"></a>`,
      '',
      `## ${area.title}`,
      '',
      area.where,
      '',
      '| code | what it means | what to do |',
      '|---|---|---|',
      ...entriesOf(area).map((entry) => {
        const { anchor, code, means, todo } = entry
        const anchors = [anchor, ...formerAnchors(entry)].map((each) => `<a id="${each}"></a>`).join('')
        return `| ${anchors}\`${code}\` | ${cell(means)} | ${cell(todo)} |`
      }),
      '',
    ]),
  ].join('\n')
}

/** A bar would end the cell. */
const cell = (text) => text.replaceAll('|', '\\|')
