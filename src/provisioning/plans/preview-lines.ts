import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { previewConnection, type PreviewedAccount } from './preview.ts'
import { totalsInWords, type PreviewTotals } from './totals.ts'

export type PreviewLine =
  | { readonly account: PreviewedAccount }
  | { readonly totals: PreviewTotals; readonly words: readonly string[] }

const mostWaiting = 100

/** A preview as a stream that is computed no faster than it is read; the totals come last, nothing for no connection. */
export async function* previewLines(
  by: Parameters<typeof previewConnection>[0],
  connectionId: string,
  options: { readonly unchanged?: boolean } = {},
): AsyncGenerator<PreviewLine> {
  const lines = new PassThrough({ objectMode: true, highWaterMark: mostWaiting })
  const left = new AbortController()
  const { signal } = left
  const each = async (account: PreviewedAccount): Promise<void> => {
    if (!lines.write({ account })) await once(lines, 'drain', { signal })
  }
  previewConnection(by, connectionId, each, { ...options, signal }).then(
    (totals) => {
      if (totals) lines.write({ totals, words: totalsInWords(totals) })
      lines.end()
    },
    (error: unknown) => lines.destroy(error as Error),
  )
  try {
    for await (const line of lines) yield line as PreviewLine
  } finally {
    left.abort()
  }
}
