import type { Logger } from 'pino'
import type { Notices } from '../model/notice.ts'
import type { ConnectionStore, ReplyDeviation } from '../model/work.ts'
import type { Kit } from '../vendors/kit/kit.ts'

/** Replies come by the thousand: what is odd about them is kept now and then. */
const keepAfterMs = 2_000
/** Fields that a process remembers of one connection. */
const mostFields = 200

type Found = Pick<ReplyDeviation, 'route' | 'field' | 'count'>

/**
 * Counts the fields in which a connection's vendor answers otherwise than documented, for its status; a field that is new to
 * this process is told of once. Never a value.
 */
export function createReplyDeviations(
  { id, name }: { readonly id: string; readonly name: string },
  store: Pick<ConnectionStore, 'keepReplyDeviations'>,
  log: Pick<Logger, 'warn'>,
  notices?: Notices,
): NonNullable<Kit['deviated']> {
  const known = new Set<string>()
  const counts = new Map<string, Found>()
  let timer: NodeJS.Timeout | undefined
  let isNews = false

  async function keep(): Promise<void> {
    timer = undefined
    const found = [...counts.values()]
    counts.clear()
    await store.keepReplyDeviations(id, found)
    if (!isNews) return
    isNews = false
    const [first] = found
    const which = `${first?.route} ${first?.field}${known.size > 1 ? ` and ${known.size - 1} more` : ''}`
    const text = `${name} answers otherwise than documented: ${which}. What cannot be read is left out and nothing stops for it; \`drawbridge status\` names every field.`
    await notices?.raise({ kind: 'replies-differ', connectionId: id, text })
  }

  return ({ method, path, field }) => {
    const route = `${method} ${path}`
    const key = `${route} ${field}`
    if (!known.has(key) && known.size >= mostFields) return
    isNews ||= !known.has(key)
    known.add(key)
    counts.set(key, { route, field, count: (counts.get(key)?.count ?? 0) + 1 })
    timer ??= setTimeout(() => {
      keep().catch((err: unknown) => log.warn({ err, connection: name }, 'odd replies not kept'))
    }, keepAfterMs).unref()
  }
}
