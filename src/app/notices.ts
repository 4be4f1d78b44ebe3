import type { Logger } from 'pino'
import type { Environment } from '../model/configuration.ts'
import { post } from '../egress.ts'
import { type Channel, mailChannel, webhookChannel } from '../operations/notices/channels.ts'
import { createNotices, type RunningNotices } from '../operations/notices/notices.ts'
import type { Store } from './stores.ts'
import type { Kit } from '../vendors/kit/kit.ts'
import { smtpSender } from '../operations/notices/mail-server.ts'

/** Notices go to the channels that the environment names. */
export function openNotices(
  {
    environment,
    log,
    store,
  }: { readonly environment: Environment; readonly log: Logger; readonly store: Store },
  { dispatcher }: Pick<Kit, 'dispatcher'>,
): RunningNotices {
  const { noticeWebhook, noticeMail } = environment
  const channels: Channel[] = []
  if (noticeWebhook) {
    channels.push(
      webhookChannel({
        ...noticeWebhook,
        post: (url, headers, body) => post(dispatcher, url, headers, body),
      }),
    )
  }
  if (noticeMail) {
    const { to, from, smtpUrl } = noticeMail
    const insecure = isLocalOrNamed(smtpUrl, environment.insecureTargets)
    channels.push(mailChannel({ to, from, send: smtpSender({ url: smtpUrl, insecure }) }))
  }
  return createNotices({ store: store.notices, log, channels })
}

function isLocalOrNamed(smtpUrl: string, insecureTargets: readonly string[]): boolean {
  const { hostname, host } = new URL(smtpUrl)
  const local = ['localhost', '127.0.0.1', '[::1]']
  return [hostname, host].some((name) => local.includes(name) || insecureTargets.includes(name.toLowerCase()))
}
