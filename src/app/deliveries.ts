import type { Environment } from '../model/configuration.ts'
import { post } from '../egress.ts'
import { type Receiver, syslogReceiver, webhookReceiver } from '../operations/audit/receivers.ts'
import { type Channel, mailChannel, webhookChannel } from '../operations/notices/channels.ts'
import { smtpSender } from '../operations/notices/mail-server.ts'
import type { Kit } from '../vendors/kit/kit.ts'
import { release } from './release.ts'

/** Where the environment has events of the audit sent. */
export function auditReceivers(
  { auditWebhook, auditSyslog }: Environment,
  { dispatcher }: Pick<Kit, 'dispatcher'>,
): readonly Receiver[] {
  const receivers: Receiver[] = []
  if (auditWebhook) {
    const { url, secret } = auditWebhook
    receivers.push(webhookReceiver(url, secret, (to, headers, body) => post(dispatcher, to, headers, body)))
  }
  if (auditSyslog) receivers.push(syslogReceiver(auditSyslog, release()))
  return receivers
}

/** Where the environment has notices sent. */
export function noticeChannels(
  { noticeWebhook, noticeMail, insecureTargets }: Environment,
  { dispatcher }: Pick<Kit, 'dispatcher'>,
): readonly Channel[] {
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
    const insecure = isLocalOrNamed(smtpUrl, insecureTargets)
    channels.push(mailChannel({ to, from, send: smtpSender({ url: smtpUrl, insecure }) }))
  }
  return channels
}

function isLocalOrNamed(smtpUrl: string, insecureTargets: readonly string[]): boolean {
  const { hostname, host } = new URL(smtpUrl)
  const local = ['localhost', '127.0.0.1', '[::1]']
  return [hostname, host].some((name) => local.includes(name) || insecureTargets.includes(name.toLowerCase()))
}
