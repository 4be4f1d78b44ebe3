import type { Output } from '../output.ts'
import type { Client } from './client.ts'
import { connectionOf, pathOf } from './names.ts'

interface Line {
  readonly account?: { readonly userName: string; readonly kind: string; readonly lines: readonly string[] }
  readonly totals?: object
  readonly words?: readonly string[]
}

/** Shows what would happen now for everybody of a connection, as it is computed; the vendor is read, nothing is written. */
export async function showPreview(
  client: Client,
  output: Output,
  named: string,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const connection = await connectionOf(client, named)
  let rest = ''
  const all: Line[] = []
  const show = (line: Line): void => {
    if (json) return void all.push(line)
    for (const text of wordsOf(line, output)) output.line(text)
  }
  await client.stream(`/connections/${connection.id}/plans/preview`, (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const each of lines) show(JSON.parse(each) as Line)
  })
  if (json) {
    const accounts = all.flatMap(({ account }) => (account ? [account] : []))
    output.json({ connection: pathOf(connection), accounts, totals: all.at(-1)?.totals })
  }
}

function wordsOf({ account, words = [] }: Line, { paint }: Output): readonly string[] {
  if (!account) return [paint('bold', words[0] ?? ''), ...words.slice(1).map((each) => `  ${each}`)]
  return [
    `${paint('bold', account.userName)}  ${account.kind}`,
    ...account.lines.map((each) => `  ${each}`),
    '',
  ]
}
